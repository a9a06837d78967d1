"""What the tests in Python share: a gateway to talk to, clients, raw connections and scripted phones."""
