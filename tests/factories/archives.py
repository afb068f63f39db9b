"""One finished archive of each tenant."""

from tenants.archives.models import Archive


def build() -> dict[str, str]:
    """Create it in the entered tenant; ids by router basename."""
    made = Archive.objects.create(state=Archive.State.FAILED, problem="CANARY")
    return {"archive": made.id}
