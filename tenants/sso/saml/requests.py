"""AuthnRequest over the redirect binding (SAML core §3.4.1, bindings §3.4.4)."""

import base64
import zlib
from datetime import datetime
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

from tenants.sso.saml import documents

_TEMPLATE = (
    '<samlp:AuthnRequest xmlns:samlp="{samlp}" xmlns:saml="{saml}" ID={id} Version="2.0" IssueInstant="{at}"'
    ' Destination={destination} AssertionConsumerServiceURL={callback} ProtocolBinding="{post}"{anew}>'
    "<saml:Issuer>{issuer}</saml:Issuer>"
    '<samlp:NameIDPolicy AllowCreate="true"/>'
    "</samlp:AuthnRequest>"
)


def redirect(
    sign_in_url: str,
    issuer: str,
    callback: str,
    request_id: str,
    relay_state: str,
    now: datetime,
    *,
    anew: bool = False,
) -> str:
    """The address that asks the identity provider to authenticate somebody; `anew` also who is signed in there."""
    text = _TEMPLATE.format(
        samlp=documents.SAMLP,
        saml=documents.SAML,
        post=documents.POST,
        id=quoteattr(request_id),
        at=now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=quoteattr(sign_in_url),
        callback=quoteattr(callback),
        issuer=escape(issuer),
        anew=' ForceAuthn="true"' if anew else "",
    )
    packer = zlib.compressobj(wbits=-15)  # raw DEFLATE
    packed = base64.b64encode(packer.compress(text.encode()) + packer.flush()).decode()
    glue = "&" if "?" in sign_in_url else "?"
    return f"{sign_in_url}{glue}{urlencode({'SAMLRequest': packed, 'RelayState': relay_state})}"
