"""Verification of Signature Version 4 on requests made with temporary credentials.

Source: IAM User Guide, "AWS Signature Version 4 for API requests". The canonical request is built by
botocore's own signer from what arrived, so a header or a body changed after signing is noticed. Long-lived
keys of the double have no secret of their own and are not verified.
"""

import hashlib
import hmac
import re
from datetime import UTC, datetime
from typing import Any

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.operations import ApiCall

PARTS = re.compile(
    r"Credential=[^/]+/\d+/[^/]+/(?P<service>[^/]+)/aws4_request,\s*SignedHeaders=(?P<headers>[^,]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]+)"
)
ALLOWED_SKEW_S = 300
SHA256_HEX = 64


def _refused(call: ApiCall, message: str) -> AwsError:
    code = "SignatureDoesNotMatch" if call.service in ("s3", "sts", "iam") else "InvalidSignatureException"
    return AwsError(code, message, 403)


def check_signature(request: Request, call: ApiCall, secret: str) -> None:
    """Raise the vendor's error unless ``request`` was signed with ``secret`` within the last five minutes."""
    parts = PARTS.search(request.headers.get("Authorization", ""))
    stamp = request.headers.get("X-Amz-Date", "")
    if parts is None or not re.fullmatch(r"\d{8}T\d{6}Z", stamp):
        raise _refused(call, "The request signature is incomplete.")
    signed_at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    if abs((datetime.now(UTC) - signed_at).total_seconds()) > ALLOWED_SKEW_S:
        raise _refused(call, f"Signature expired: {stamp} is too far from the current time.")
    signed = {name: request.headers.get(name, "") for name in parts["headers"].split(";")}
    raw = request.environ.get("RAW_URI") or request.full_path.rstrip("?")
    url = f"{request.scheme}://{request.host}{raw}"
    sent: Any = AWSRequest(request.method, url, signed, request.get_data())
    sent.context["timestamp"] = stamp
    signer_type: Any = S3SigV4Auth if call.service == "s3" else SigV4Auth
    signer = signer_type(Credentials(call.access_key, secret), parts["service"], call.region)
    expected = signer.signature(signer.string_to_sign(sent, signer.canonical_request(sent)), sent)
    declared = signed.get("x-amz-content-sha256", "UNSIGNED-PAYLOAD")
    if len(declared) == SHA256_HEX and declared != hashlib.sha256(request.get_data()).hexdigest():
        raise _refused(call, "The provided 'x-amz-content-sha256' header does not match what was computed.")
    if not hmac.compare_digest(str(expected), parts["signature"]):
        raise _refused(
            call,
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method.",
        )
