"""What all pages share: their addresses, who may open what, templates, styles, words of moments and refusals."""
