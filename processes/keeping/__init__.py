"""What keeps a desk's data: snapshots of its database, backups, and the way back."""
