def manual_runbook(tema):
    steps = [
        {
            "id": "count",
            "title": {"ja": "数える", "en": "Count"},
            "manual": {"text": {"ja": "数えてください", "en": "Count."}, "minutes": 10},
        },
        {"id": "look", "manual": {"text": {"ja": "見てください", "en": "Look."}, "minutes": 2}},
    ]
    tema.runbook("close", steps=steps, toil={"demand": {"calendar": "month"}, "minutes": 12})


def test_without_samples_the_baseline_ranks_by_proposals(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "close")
    assert said.returncode == 0, said.stderr
    assert "no accepted measured sample" in said.stdout
    assert "Automate next: count (Count). It takes 10 min a month." in said.stdout
    assert "10 (proposed)" in said.stdout
    japanese = tema.run("baseline", "close", "--lang", "ja").stdout
    assert "次に自動化するとよい手順：count（数える）" in japanese


def test_what_is_no_sample_is_listed_with_the_reason(tema):
    manual_runbook(tema)
    run = tema.json("run", "close")["id"]
    assert tema.run("resume", run, "--minutes", "11").returncode == 0
    said = tema.run("baseline", "close").stdout
    assert "Not accepted as samples (1)" in said
    assert run in said
    assert "It was answered as a whole" in said
    told = tema.json("baseline", "show", "close")
    assert (told["accepted"], told["next_step"], len(told["samples"])) == (0, "count", 1)


def test_there_is_nothing_to_sign_without_samples(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "sign", "close", "--from-samples")
    assert said.returncode == 2
    assert "no accepted measured sample of task" in said.stderr


def test_an_unknown_runbook_is_told(tema):
    manual_runbook(tema)
    said = tema.run("baseline", "closse")
    assert said.returncode == 2
    assert "close" in said.stderr
    assert tema.run("baseline").returncode == 0
