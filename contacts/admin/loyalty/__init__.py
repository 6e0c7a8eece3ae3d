"""Points, vouchers and promotions in the console: of a contact, and of a site."""
