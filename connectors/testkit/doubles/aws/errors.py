"""Errors in the shape of each AWS protocol (JSON 1.1, REST-JSON, query XML and REST-XML, S3 XML).

Source of the shapes: the ``protocol`` of each botocore service model and its error parsers.
"""

import uuid
from xml.sax.saxutils import escape

import orjson
from werkzeug.wrappers import Response

XML_SERVICES = {"sts", "iam", "elasticloadbalancing", "cloudfront"}
"""Services whose errors are an ``ErrorResponse`` document (the query protocol, and REST-XML but S3's)."""
REST_JSON_SERVICES = {"apigateway", "apigatewayv2"}


class AwsError(Exception):
    """A refusal by the vendor: error code, human message, HTTP status, extra members of the error shape."""

    def __init__(self, code: str, message: str, status: int = 400, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.members = members


def waf_invalid(reason: str, field: str, parameter: str) -> AwsError:
    """``WAFInvalidParameterException`` with the members and the message format WAFv2 uses."""
    message = f"Error reason: {reason}, field: {field}, parameter: {parameter}"
    return AwsError("WAFInvalidParameterException", message, Field=field, Parameter=parameter, Reason=reason)


def error_response(service: str, error: AwsError) -> Response:
    """``error`` as the given service would put it on the wire."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    if service == "s3":
        body = (
            f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{error.code}</Code>'
            f"<Message>{escape(error.message)}</Message><RequestId>{request_id}</RequestId></Error>"
        )
        return Response(body, status=error.status, content_type="application/xml")
    if service in XML_SERVICES:
        body = (
            '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>'
            f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(body, status=error.status, headers=headers, content_type="text/xml")
    shape = {"message": error.message, "Message": error.message, **error.members}
    if service not in REST_JSON_SERVICES:
        shape["__type"] = error.code
    return Response(orjson.dumps(shape), error.status, headers, content_type="application/x-amz-json-1.1")
