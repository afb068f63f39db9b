"""The CloudTrail record of an API call: names of parameters as CloudTrail writes them, and who called.

Sources: CloudTrail User Guide "userIdentity element"; log entries in the developer guides of API Gateway and
AWS WAF (a small first letter, ``aRN``; bodies of REST API's creating operations under ``<operation>Input``).
"""

import time
from functools import cache
from typing import Any

import botocore.session
import orjson
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.aws.errors import AwsError
from connectors.testkit.doubles.aws.identity import Caller
from connectors.testkit.doubles.aws.operations import ApiCall
from connectors.testkit.doubles.aws.trail import TRAIL

SERVICES = {"apigateway": "apigateway", "apigatewayv2": "apigateway"}
#: Services whose parameters are worth recording; of the others only the call is.
MODELLED = {"apigateway", "apigatewayv2", "wafv2", "logs"}
READS = ("Get", "List", "Describe", "Check", "Head", "Filter", "Lookup", "Assume")
#: Data events stand in no event history.
DATA = {"GetObject", "HeadObject", "PutObject", "DeleteObject", "ListObjectsV2", "PutLogEvents"}
UNRECORDED = {"ThrottlingException", "TooManyRequestsException"}


def record_call(
    call: ApiCall, caller: Caller, request: Request, response: Response | None, error: AwsError | None = None
) -> None:
    """Put one performed (or refused) call into the event history of its region."""
    if call.operation in DATA or (error is not None and error.code in UNRECORDED):
        return
    agent = request.headers.get("User-Agent", "")
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(call, caller),
        "eventSource": f"{SERVICES.get(call.service, call.service)}.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": call.region,
        "sourceIPAddress": request.remote_addr or "",
        "userAgent": agent,
        "requestParameters": _parameters(call) or None,
        "responseElements": None,
        "readOnly": call.operation.startswith(READS),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.account,
        "eventCategory": "Management",
    }
    if agent.startswith("Mozilla/"):
        record["sessionCredentialFromConsole"] = "true"
    if error is not None:
        record |= {"errorCode": error.code, "errorMessage": error.message}
    elif response is not None and response.status_code >= 300:
        record["errorCode"] = response.headers.get("x-amzn-ErrorType") or str(response.status_code)
    elif response is not None and not record["readOnly"]:
        record["responseElements"] = _answer(response)
    TRAIL.record(call.region, record, time.time())


def _identity(call: ApiCall, caller: Caller) -> dict[str, Any]:
    kind, _, name = caller.arn.rpartition(":")[2].partition("/")
    known = {
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": call.access_key,
    }
    if kind != "assumed-role":
        return {"type": "IAMUser", **known, "userName": name}
    role = name.partition("/")[0]
    issuer = {"type": "Role", "arn": f"arn:aws:iam::{caller.account}:role/{role}", "userName": role}
    return {
        "type": "AssumedRole",
        **known,
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}},
    }


def _small(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _small(inner) for key, inner in value.items()}
    return [_small(inner) for inner in value] if isinstance(value, list) else value


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(service)


def _parameters(call: ApiCall) -> dict[str, Any]:
    if call.service not in MODELLED or call.operation == "Unknown":
        return {}
    shape = _model(call.service).operation_model(call.operation).input_shape
    placed: dict[str, Any] = {}
    body: dict[str, Any] = {}
    for member, inner in shape.members.items() if shape else ():
        wire = inner.serialization.get("name", member)
        if wire in call.params:
            where = placed if "location" in inner.serialization else body
            where[member] = call.params[wire]
    if call.service == "apigateway" and body and call.operation.startswith(("Create", "Put")):
        name = call.operation[:1].lower() + call.operation[1:]
        body = {f"{name}Input": body}
    return _small({**placed, **body})  # type: ignore[no-any-return]


def _answer(response: Response) -> Any:
    try:
        return _small(orjson.loads(response.get_data()))
    except orjson.JSONDecodeError:
        return None
