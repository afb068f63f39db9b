"""The strict layer in front of moto: who calls, may they, how often, is the request valid; then moto, then
pages.

One WSGI application; moto runs in the same process, so there is no inner port.
"""

import io
from dataclasses import replace
from typing import Any
from wsgiref.types import WSGIApplication

import orjson
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.wrappers import Request, Response

from connectors.testkit.doubles.aws import organization, waf_operations
from connectors.testkit.doubles.aws.errors import AwsError, error_response
from connectors.testkit.doubles.aws.identity import (
    Caller,
    Principals,
    authenticate,
    authorize,
    caller_identity_xml,
    check_assume_role,
)
from connectors.testkit.doubles.aws.log_events import put_events
from connectors.testkit.doubles.aws.missing import OPERATIONS
from connectors.testkit.doubles.aws.operations import ApiCall, parse_call
from connectors.testkit.doubles.aws.pagination import is_paged, page
from connectors.testkit.doubles.aws.state import LOCK, acting_in
from connectors.testkit.doubles.aws.throttle import Throttle
from connectors.testkit.doubles.aws.trail_records import record_call
from connectors.testkit.doubles.faults import FaultBook
from connectors.testkit.doubles.serving import json_response

JSON_TYPE = "application/x-amz-json-1.1"


class StrictAws:
    """AWS's API endpoint of the double, for every service (the signature names the service)."""

    def __init__(self, principals: Principals, throttle: Throttle) -> None:
        self._principals = principals
        self._throttle = throttle
        self._faults = FaultBook()
        self.ready = False
        self._moto: WSGIApplication = DomainDispatcherApplication(create_backend_app)

    def answer(self, request: Request) -> Response:
        """Answer one API request, the fault knob or the health check."""
        if (knob := self._faults.knob(request, self.ready)) is not None:
            return knob
        call = parse_call(request)
        if call is None:
            return json_response({"message": "Missing Authentication Token"}, 403)
        if fault := self._faults.take(call.service, call.operation):
            return fault.response()
        try:
            caller = authenticate(request, call, self._principals)
        except AwsError as error:
            return error_response(call.service, error)
        return self._recorded(call, caller, request)

    def _recorded(self, call: ApiCall, caller: Caller, request: Request) -> Response:
        """Decide on the call, perform it and put it into the audit trail, refused or not."""
        try:
            authorize(call, caller)
            if caller.policies is not None:
                # The customer's own administrator (who seeds the estate) is not slowed down.
                self._throttle.admit(call)
            response = self._perform(call, caller, request)
        except AwsError as error:
            record_call(call, caller, request, None, error)
            return error_response(call.service, error)
        record_call(call, caller, request, response)
        return response

    def _perform(self, call: ApiCall, caller: Caller, request: Request) -> Response:
        if call.operation == "GetCallerIdentity":
            return Response(caller_identity_xml(caller), content_type="text/xml")
        if call.operation == "AssumeRole":
            check_assume_role(call, caller)
        if call.service == "organizations":
            organization.before(call, caller.account)
        with LOCK, acting_in(caller.account):
            if call.service == "wafv2":
                waf_operations.before(call)
            if operation := OPERATIONS.get((call.service, call.operation)):
                return self._served(call, operation(call))
            response = self._through_moto(request, organization.kept_by(call, caller.account))
            if call.operation in ("GetApiKeys", "GetApiKey") and response.status_code == 200:
                response.set_data(without_key_values(response.get_data(), call.params))
            if response.status_code < 300:
                self._after(call)
            elif call.operation in ("GetObject", "HeadObject") and response.status_code == 404:
                # Who may not list the bucket (no prefix is named here) is not told that there is no such object.
                authorize(replace(call, operation="ListObjectsV2", params={**call.params, "Key": ""}), caller)
        if call.service.startswith("apigateway") and is_paged(call) and response.status_code == 200:
            response.set_data(orjson.dumps(page(call, orjson.loads(response.get_data()))))
        return response

    def _served(self, call: ApiCall, body: dict[str, Any]) -> Response:
        if call.service.startswith("apigateway") and is_paged(call):
            body = page(call, body)
        return Response(orjson.dumps(body), content_type=JSON_TYPE)

    def _after(self, call: ApiCall) -> None:
        if call.service == "wafv2":
            waf_operations.after(call)
        if call.service == "logs" and call.operation == "PutLogEvents":
            events = [(int(e["timestamp"]), str(e["message"])) for e in call.params.get("logEvents", [])]
            put_events(call.region, call.params["logGroupName"], call.params["logStreamName"], events)

    def _through_moto(self, request: Request, account: str) -> Response:
        data = request.get_data(cache=True)
        environ = dict(request.environ)
        environ["wsgi.input"] = io.BytesIO(data)
        environ["CONTENT_LENGTH"] = str(len(data))
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        environ.pop("werkzeug.request", None)
        environ.pop("wsgi.input_terminated", None)
        return Response.from_app(self._moto, environ, buffered=True)


def without_key_values(body: bytes, params: dict[str, Any]) -> bytes:
    """API keys without their ``value`` unless it was asked for (API Gateway API reference,
    ``includeValues``).
    """
    if "true" in (params.get("includeValues"), params.get("includeValue")):
        return body
    answer = orjson.loads(body)
    for item in answer.get("item", [answer]):
        item.pop("value", None)
    return orjson.dumps(answer)
