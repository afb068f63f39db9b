"""What a vendor answered while its configuration was read, without secrets, to be read again elsewhere.

A *recording* is a file of JSON lines: the connector and its settings first, then each exchange in order. It is made next
to the vendor (``manage.py record``), looked at, sent, and read again without the vendor (``manage.py replay``): by the same
connector, over a relay that answers from the file.
"""

from connectors.recording.replaying import RecordedIdentity, Replay
from connectors.recording.scrub import Scrubber
from connectors.recording.tape import Exchange, Heading, read_recording, write_exchange, write_heading
from connectors.recording.taping import Recorder

__all__ = [
    "Exchange",
    "Heading",
    "RecordedIdentity",
    "Recorder",
    "Replay",
    "Scrubber",
    "read_recording",
    "write_exchange",
    "write_heading",
]
