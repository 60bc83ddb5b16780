"""The vendors that Deskbell talks to, played by HTTP servers on this machine."""
