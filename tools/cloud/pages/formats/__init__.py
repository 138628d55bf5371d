"""How the pages write dates, where Django has other ways."""
