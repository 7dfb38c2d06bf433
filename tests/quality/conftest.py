"""What must be so before any test of this room is read."""

import os

# Ray listens on the machine's own address unless it is told, by this name, that there is no cluster
# of several machines; then it keeps to loopback, on every system.
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
