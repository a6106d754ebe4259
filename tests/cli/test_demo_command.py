def test_the_command_refuses_what_is_a_workspace_already(tema):
    said = tema.run("demo", str(tema.root), "--lang", "ja")
    assert said.returncode != 0
    assert "何も変えていません" in said.stderr
    assert "tema demo sample-2" in said.stderr


def test_the_command_makes_a_year_and_says_how_to_look(tema, tmp_path):
    folder = tmp_path / "sample"
    said = tema.run("demo", str(folder), "--lang", "ja")
    assert said.returncode == 0, said.stderr
    assert f"tema report --workspace {folder}" in said.stdout
    assert "本物の実績ではありません" in said.stdout
