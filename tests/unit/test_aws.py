"""What only AWS itself would show: the addresses that clients make where no emulator names its own."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from studio import aws


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_links_and_forms_name_the_region_of_the_bucket_as_the_pages_policy_does(monkeypatch, region):
    monkeypatch.setattr(aws, "_clients", {})
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    s3 = aws.client("s3")
    link = s3.generate_presigned_url("get_object", Params={"Bucket": "media-1", "Key": "a/b.png"})
    form = s3.generate_presigned_post(Bucket="media-1", Key="a/b.png")
    for url in (link, form["url"]):
        assert urlsplit(url).netloc == f"media-1.s3.{region}.amazonaws.com"
