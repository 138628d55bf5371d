"""The installer: firmware and settings onto a board, with proof."""
