"""One import of each tenant."""

from controlplane.imports.models import Import


def build() -> dict[str, str]:
    """Create it in the entered tenant."""
    return {
        "import": Import.objects.create(filename="CANARY.log", size=1, state="done", format="file.clf").id
    }
