"""Proxy and shared flow bundles: the zip that ``?format=bundle`` gives, made from XML documents."""

import io
import zipfile
from collections.abc import Mapping

_SUFFIX = ".xml"


def bundle(root: str, name: str, documents: Mapping[str, str]) -> bytes:
    """A zip with ``root/name.xml`` and the documents, by their path below ``root`` without ``.xml``."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        tag = "APIProxy" if root == "apiproxy" else "SharedFlowBundle"
        archive.writestr(f"{root}/{name}{_SUFFIX}", f'<{tag} name="{name}"/>')
        for path, text in documents.items():
            full = path if "." in path.rpartition("/")[2] else path + _SUFFIX
            archive.writestr(f"{root}/{full}", text)
    return written.getvalue()


def step(policy: str, condition: str = "") -> str:
    """One step of a flow."""
    when = f"<Condition>{condition}</Condition>" if condition else ""
    return f"<Step><Name>{policy}</Name>{when}</Step>"


def flow(name: str, condition: str = "", *steps: str) -> str:
    """A flow with the steps of its request; without a condition it takes what no other takes."""
    when = f"<Condition>{condition}</Condition>" if condition else ""
    return f'<Flow name="{name}"><Request>{"".join(steps)}</Request><Response/>{when}</Flow>'


def on(path: str, verb: str) -> str:
    """The condition that Apigee's console writes for an operation."""
    return f'(proxy.pathsuffix MatchesPath "{path}") and (request.verb = "{verb}")'


def proxy_endpoint(base: str, preflow: str = "", flows: str = "", postflow: str = "") -> str:
    """A proxy endpoint that sends everything to the target ``default``."""
    return f"""<ProxyEndpoint name="default">
  <PreFlow name="PreFlow"><Request>{preflow}</Request><Response/></PreFlow>
  <Flows>{flows}</Flows>
  <PostFlow name="PostFlow"><Request>{postflow}</Request><Response/></PostFlow>
  <HTTPProxyConnection><BasePath>{base}</BasePath></HTTPProxyConnection>
  <RouteRule name="default"><TargetEndpoint>default</TargetEndpoint></RouteRule>
</ProxyEndpoint>"""


def target_endpoint(connection: str) -> str:
    """A target endpoint with the given members of its connection."""
    return f"""<TargetEndpoint name="default">
  <PreFlow name="PreFlow"><Request/><Response/></PreFlow>
  <HTTPTargetConnection>{connection}</HTTPTargetConnection>
</TargetEndpoint>"""
