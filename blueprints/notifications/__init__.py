"""How an agent is told of what is new: their wishes, their browsers, the service worker."""
