"""What the drill `ransom` does to a bucket from outside, with the SDK that a thief would use.

Reads the JSON document in the file that it is given: what to do, where, and with whose keys. Prints one.
"""
import json
import sys
import time
import urllib.error
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

with open(sys.argv[1], encoding="utf-8") as file:
    order = json.load(file)


def client(service, who):
    key = order["keys"].get(who, {"id": "first", "secret": "first"})
    return boto3.client(
        service, endpoint_url=order["endpoint"], region_name=order["region"], aws_access_key_id=key["id"],
        aws_secret_access_key=key["secret"], config=Config(retries={"max_attempts": 1}))


def pages(s3, operation, field, bucket):
    return [entry for page in s3.get_paginator(operation).paginate(Bucket=bucket) for entry in page.get(field, [])]


def names(s3, bucket):
    return [entry["Key"] for entry in pages(s3, "list_objects_v2", "Contents", bucket)]


def user(iam, name, statements):
    iam.create_user(UserName=name)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    order["keys"][name] = {"id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def prepare():
    """Users, and two buckets of which one keeps versions. The server asks the first three requests for no key."""
    for _ in range(300):
        try:
            urllib.request.urlopen(order["endpoint"] + "/moto-api/").read()
            break
        except urllib.error.URLError:
            time.sleep(0.1)
    user(client("iam", "nobody"), "owner", [{"Action": "*", "Resource": "*"}])
    objects = [f"arn:aws:s3:::{bucket}/*" for bucket in order["buckets"]]
    buckets = [f"arn:aws:s3:::{bucket}" for bucket in order["buckets"]]
    iam, s3 = client("iam", "owner"), client("s3", "owner")
    user(iam, "writer", [{"Action": ["s3:PutObject", "s3:AbortMultipartUpload"], "Resource": objects}])
    user(iam, "reader", [{"Action": "s3:GetObject", "Resource": objects}, {"Action": "s3:ListBucket", "Resource": buckets}])
    for bucket in order["buckets"]:
        s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=order["buckets"][0], VersioningConfiguration={"Status": "Enabled"})
    return {"keys": order["keys"]}


def plunder():
    """All that a thief may try who has the writer's keys and knows the name of every object and of every version."""
    bucket, attempts = order["buckets"][0], []
    # Servers say in whole seconds when a version was made.
    time.sleep(1 - time.time() % 1)
    attacked_at = int(time.time())
    owner, thief = client("s3", "owner"), client("s3", "writer")
    known = names(owner, bucket)
    versions = [(entry["Key"], entry["VersionId"]) for entry in pages(owner, "list_object_versions", "Versions", bucket)]

    def attempt(what, things, action):
        done, refusals = 0, set()
        for thing in things:
            try:
                answer = action(thing)
                errors = (answer or {}).get("Errors", [])
                done += 0 if errors else 1
                refusals |= {error["Code"] for error in errors}
            except ClientError as error:
                refusals.add(error.response["Error"]["Code"])
        attempts.append({"what": what, "tried": len(things), "done": done, "refusals": sorted(refusals)})

    rule = {"ID": "all", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{bucket}/*"}]}
    attempt("list", [bucket], lambda it: thief.list_objects_v2(Bucket=it))
    attempt("list_versions", [bucket], lambda it: thief.list_object_versions(Bucket=it))
    attempt("read", known, lambda it: thief.get_object(Bucket=bucket, Key=it) and None)
    attempt("delete", known, lambda it: thief.delete_object(Bucket=bucket, Key=it))
    attempt("delete_many", [known[:1000]], lambda it: thief.delete_objects(
        Bucket=bucket, Delete={"Objects": [{"Key": key} for key in it]}))
    attempt("delete_versions", versions, lambda it: thief.delete_object(Bucket=bucket, Key=it[0], VersionId=it[1]))
    attempt("suspend_versions", [bucket], lambda it: thief.put_bucket_versioning(
        Bucket=it, VersioningConfiguration={"Status": "Suspended"}))
    attempt("expire_all", [bucket], lambda it: thief.put_bucket_lifecycle_configuration(
        Bucket=it, LifecycleConfiguration={"Rules": [rule]}))
    attempt("open_to_all", [bucket], lambda it: thief.put_bucket_policy(Bucket=it, Policy=json.dumps(policy)))
    attempt("delete_bucket", [bucket], lambda it: thief.delete_bucket(Bucket=it))
    attempt("overwrite", known, lambda it: thief.put_object(Bucket=bucket, Key=it, Body=b"PAY") and None)
    attempt("add", ["shop/READ-ME.txt"], lambda it: thief.put_object(Bucket=bucket, Key=it, Body=b"PAY") and None)
    return {"attempts": attempts, "attacked_at": attacked_at}


def inspect():
    """How many objects there are, and in how many of them something stands that only customers and the shop know."""
    bucket, owner = order["buckets"][0], client("s3", "owner")
    objects = [owner.get_object(Bucket=bucket, Key=key)["Body"].read() for key in names(owner, bucket)]
    words = [word.encode() for word in order["words"]]
    return {"objects": len(objects), "telling": sum(any(word in body for word in words) for body in objects)}


def undo():
    """What the bucket's owner does: of every object the newest version from before the attack, if there is one."""
    bucket, owner, back, without = order["buckets"][0], client("s3", "owner"), 0, 0
    before = {}
    for entry in pages(owner, "list_object_versions", "Versions", bucket):
        if entry["LastModified"].timestamp() < order["attacked_at"]:
            best = before.get(entry["Key"])
            if best is None or best["LastModified"] < entry["LastModified"]:
                before[entry["Key"]] = entry
    for entry in pages(owner, "list_object_versions", "Versions", bucket):
        if not entry["IsLatest"]:
            continue
        good = before.get(entry["Key"])
        if good is None:
            owner.delete_object(Bucket=bucket, Key=entry["Key"])
            without += 1
        elif good["VersionId"] != entry["VersionId"]:
            source = {"Bucket": bucket, "Key": entry["Key"], "VersionId": good["VersionId"]}
            owner.copy_object(Bucket=bucket, Key=entry["Key"], CopySource=source)
            back += 1
    return {"brought_back": back, "removed": without}


print(json.dumps({"prepare": prepare, "plunder": plunder, "inspect": inspect, "undo": undo}[order["action"]]()))
