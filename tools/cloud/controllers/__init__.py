"""Controllers: enrolment, their accounts at the broker, link secrets, lost boards, what goes wrong with one."""
