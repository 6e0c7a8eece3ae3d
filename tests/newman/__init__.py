"""Newman, Postman's own runner of collections, locked in package-lock.json."""
