def parse(t): raise NotImplementedError
