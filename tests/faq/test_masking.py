"""What people type and must not have stored is masked, and what looks alike stays."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temanashi.faq.masking import mask
from temanashi.redaction import MASK

SECRETS = {
    "password": [
        ("パスワードは Abc12345! です", "Abc12345!"),
        ("パスワード：hunter2", "hunter2"),
        ("PW:yamada2024", "yamada2024"),
        ("pw=s3cret", "s3cret"),
        ("ぱすわーど qwerty99 で入れない", "qwerty99"),
        ("パスワード：ＡＢｃ１２３", "ＡＢｃ１２３"),
        ("password is hunter2", "hunter2"),
        ("my password: correcthorse", "correcthorse"),
        ('password "Tr0ub4dor&3" does not work', "Tr0ub4dor&3"),
        ("暗証番号は1234です", "1234"),
        ("PIN: 4821", "4821"),
        ("パスワードは「さくら2024」です", "さくら2024"),
        ("パスワードは sakura です", "sakura"),
        ("パスワードを banana に変更した", "banana"),
        ("ID/PW: yamada / Abc123", "Abc123"),
        ("Password (initial): Welcome!", "Welcome!"),
    ],
    "token": [
        ('curl -H "Authorization: Bearer abcDEF1234567890xyz"', "abcDEF1234567890xyz"),
        ("see ghp_abcdefghijklmnopqrstuvwxyz0123456789", "ghp_abcdefghijklmnopqrstuvwxyz0123456789"),
        ("export API_KEY=sdf8sd7f6sd7f6sdf", "sdf8sd7f6sd7f6sdf"),
        ("トークンは abcd1234efgh5678 です", "abcd1234efgh5678"),
        ("postgres://user:pa55@db/x", "pa55"),
        ("x eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl y", "c2lnbmF0dXJl"),
    ],
    "key": [
        ("鍵 -----BEGIN RSA PRIVATE KEY-----\nMIIE0\n-----END RSA PRIVATE KEY----- 以上", "MIIE0"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza", "b3BlbnNza"),
        ("id AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"),
        ("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
    ],
    "card": [
        ("4111 1111 1111 1111 で払えない", "4111"),
        ("４１１１－１１１１－１１１１－１１１１", "４１１１"),
        ("カード378282246310005", "378282246310005"),
    ],
    "phone": [
        ("03-1234-5678 に電話", "1234"),
        ("０９０ー１２３４ー５６７８", "１２３４"),
        ("携帯は09012345678です", "09012345678"),
        ("(03)1234-5678", "1234"),
        ("03(1234)5678", "1234"),
        ("call +81 90-1234-5678", "90"),
        ("+81-3-1234-5678", "1234"),
        ("0120 123 456", "123"),
        ("電話 0312345678 まで", "0312345678"),
    ],
    "my-number": [
        ("マイナンバー 1234 5678 9012", "5678"),
        ("123456789018", "123456789018"),
        ("１２３４－５６７８－９０１８", "５６７８"),
    ],
}

HARMLESS = """パスワードを忘れました
パスワードが分からない
パスワード: 変更したい
パスワード reset したい
パスワードは8文字以上ですか
パスワードが3回間違えてロック
パスワードはOutlookと同じですか
パスワード エラー 0x80070057
Windows11 パスワード Windows11
password is wrong
password: forgotten
password error AADSTS50126
password expired 2026-11-21
the password policy
pass through mode
pw わすれた
pin留めしたい
トークンはどこですか
token ring network
IP 192.168.10.25 に ping
2026-11-21 10:30
2026/11/21
12/01-12/05
8時から17時 03:15
チケット 202611210001
INC0012345678
#0312345678
伝票 0312345678
エラーコード 0x80004005
内線 1234
version 10.0.19045.3803
1234567890123456
000000000000
MACアドレス 00-1A-2B-3C-4D-5E
シリアル 5CD1234ABC
da39a3ee5e6b4b0d3255bfef95601890afd80709
https://www.example.jp/faq?page=12""".splitlines()


@pytest.mark.parametrize(("kind", "text", "secret"), [(kind, *each) for kind, texts in SECRETS.items() for each in texts])
def test_a_secret_is_masked_and_told_by_its_kind(kind, text, secret):
    masked = mask(text)
    assert secret not in masked.text
    assert MASK in masked.text
    assert masked.found[0] == kind


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_stays(text):
    assert mask(text) == (text, ())


@pytest.mark.parametrize("text", [text for texts in SECRETS.values() for text, _ in texts])
def test_a_masked_text_stays_as_it_is(text):
    once = mask(text)
    assert mask(once.text) == (once.text, ())


def test_the_word_before_a_password_and_the_sentence_after_it_stay():
    assert mask("VPN のパスワードは「Abc12345」です。直りますか").text == "VPN のパスワードは「●●●●」です。直りますか"


def test_mail_addresses_are_masked_where_the_caller_wants():
    text = "hanako.yamada@example.co.jp から届いた"
    assert mask(text) == (text, ())
    assert mask(text, mail=True) == ("●●●● から届いた", ("mail",))


def test_several_kinds_are_told_once_each_in_the_order_of_the_text():
    text = "電話 090-1234-5678、03-1111-2222、パスワード: abc123、カード 4111-1111-1111-1111"
    assert mask(text).found == ("phone", "password", "card")


HOSTILE = [
    "a" * 100_000,
    "1 " * 50_000,
    "0-" * 50_000,
    "パスワード" * 20_000,
    "pw:" * 33_000,
    "eyJ" * 33_000,
    "a_" * 50_000,
    "id/pw " * 16_000,
]
HOSTILE += [
    "://" * 33_000,
    "-----BEGIN PRIVATE KEY-----" * 3_700,
    "a.a@" * 25_000,
    "(0" * 50_000,
    "+81" * 33_000,
    "api_key " * 12_500,
]


@pytest.mark.timeout(60)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_a_hostile_text_of_100_kb_is_read_in_linear_time(text):
    # Each takes less than a tenth of a second; an expression that goes back and forth takes hours.
    assert len(mask(text, mail=True).text) <= len(text) + 4 * len(text)


@given(st.text())
def test_any_text_is_read(text):
    masked = mask(text, mail=True)
    assert bool(masked.found) == (masked.text != text)


def test_random_numbers_of_twelve_digits_are_seldom_taken_for_an_individual_number():
    chance = random.Random(8)
    taken = sum("my-number" in mask(f"{chance.randrange(10**12):012d}").found for _ in range(2000))
    assert taken < 2000 * 0.12
