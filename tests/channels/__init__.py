"""Tests of the channels: the contract, the HTTP client and each adapter."""
