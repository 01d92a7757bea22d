using System.CommandLine;
using Keyway.Cli.Mp4Decrypt;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway mp4decrypt</c>, for those who look for commands: what follows that word is another program's language, and the parser of this one never sees it.</summary>
internal static class Mp4DecryptCommand
{
    public static Command Create()
    {
        Command command = new(Mp4DecryptRun.Name, "Takes the arguments of Bento4's mp4decrypt, for programs that call that one.") { TreatUnmatchedTokensAsErrors = false };
        command.SetAction(NotFirst);
        return command;
    }

    private static int NotFirst(ParseResult parse) => throw new UsageException($"{Mp4DecryptRun.Name} is the first word, and takes the options of that program alone: keyway {Mp4DecryptRun.Name} --help");
}
