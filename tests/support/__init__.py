"""What the tests in Python share: a gateway, clients, raw connections, scripted phones."""
