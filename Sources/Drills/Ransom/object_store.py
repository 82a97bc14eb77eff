"""Runs moto, an object store in memory with users and their permissions. Takes its own arguments, such as -H and -p.

It compares signatures as botocore makes them, but takes the query as it is: S3 and its clients sign it encoded, so that
every request with a slash in its query would be refused.
"""
import sys
from urllib.parse import quote, unquote

from moto.iam import access_control
from moto.server import main

as_sent = access_control.IAMRequestBase._create_aws_request


def as_signed(self):
    request = as_sent(self)
    path, mark, query = request.url.partition("?")
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    request.url = path + mark + "&".join(f"{quote(unquote(name), '-_.~')}={quote(unquote(value), '-_.~')}"
                                         for name, _, value in pairs)
    return request


access_control.IAMRequestBase._create_aws_request = as_signed
main(sys.argv[1:])
