"""The address of a bucket: what it means, and that what is wrong with it is said without repeating it."""

import re

import pytest

from graphql_api.storage.s3_url import S3Location, parse_s3_url


@pytest.mark.parametrize(
    ("text", "location"),
    [
        ("s3://pictures", S3Location("pictures")),
        ("s3://pictures/", S3Location("pictures")),
        ("s3://pictures/a/b-c_d.e/", S3Location("pictures", "a/b-c_d.e/")),
        ("s3://pictures?region=eu-central-1", S3Location("pictures", region="eu-central-1")),
        ("s3://pictures?path_style=true", S3Location("pictures", path_style=True)),
        (
            "s3://pictures/t?endpoint=http://minio:9000/&region=x&path_style=false&public_endpoint=https%3A%2F%2Fs3.example.com",
            S3Location("pictures", "t/", "http://minio:9000", "x", False, "https://s3.example.com"),
        ),
        (
            "s3://pictures?endpoint=https://h/storage/v1/s3",
            S3Location("pictures", endpoint="https://h/storage/v1/s3", path_style=True),
        ),
    ],
)
def test_an_address_names_a_bucket(text: str, location: S3Location) -> None:
    assert parse_s3_url(text) == location


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("s3:pictures", "s3://<bucket>"),
        ("s3://", "s3://<bucket>"),
        ("s3:///pictures", "s3://<bucket>"),
        ("s3://x", "s3://<bucket>"),
        ("s3://pictures:9000", "s3://<bucket>"),
        ("s3://[pictures", "s3://<bucket>"),
        ("s3://pictures#a", "s3://<bucket>"),
        ("s3://pictures?endpoint", "s3://<bucket>"),
        ("s3://AKIA:geheim@pictures", "no credentials"),
        ("s3://pictures/a//b", "prefix"),
        ("s3://pictures/../b", "prefix"),
        ("s3://pictures/a%20b", "prefix"),
        (
            "s3://pictures?secret=geheim",
            "options that are not known: endpoint, path_style, public_endpoint, region are",
        ),
        ("s3://pictures?region=", "region"),
        ("s3://pictures?region=eu/geheim", "region"),
        ("s3://pictures?path_style=yes", "path_style"),
        ("s3://pictures?endpoint=minio:9000", "an endpoint"),
        ("s3://pictures?endpoint=ftp://minio", "an endpoint"),
        ("s3://pictures?endpoint=http://", "an endpoint"),
        ("s3://pictures?endpoint=http://h:many", "an endpoint"),
        ("s3://pictures?endpoint=http://me:geheim@h", "an endpoint"),
        ("s3://pictures?endpoint=http://h%3Fgeheim", "an endpoint"),
        ("s3://pictures?public_endpoint=h", "a public_endpoint"),
    ],
)
def test_what_is_wrong_is_said_and_not_repeated(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)) as caught:
        parse_s3_url(text)

    assert "geheim" not in str(caught.value)
    assert "AKIA" not in str(caught.value)
