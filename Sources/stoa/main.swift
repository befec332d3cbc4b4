import StoaCommands

StoaProgram.main()
