using System.CommandLine;
using System.Globalization;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway decrypt</c>: files whose keys the user holds. No plugin is loaded and no setting is read.</summary>
internal static class DecryptCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context) => Create(context, DecryptRun.RunAsync);

    /// <summary>Makes the command, with what is to be done when it is asked for.</summary>
    internal static Command Create(Func<ParseResult, CommandContext> context, Func<DecryptRequest, CommandIo, CancellationToken, Task<int>> run)
    {
        Argument<string[]> files = new("files") { Description = "A file or URL; or an initialisation segment and the segments after it, in order; * and ? stand for any letters of a name", Arity = ArgumentArity.OneOrMore, HelpName = "FILE" };
        Option<string[]> keys = new("--key") { Description = "A key in hexadecimal, for its id or for a track's number, or alone for segments of HLS; others on this machine can see arguments", HelpName = "KID:KEY" };
        Option<string?> method = new("--method") { Description = "Of segments of HLS: how they are encrypted; sample-aes without it", HelpName = "sample-aes|aes-128" };
        Option<string?> vector = new("--iv") { Description = "Of segments of HLS: their initialisation vector, 32 hexadecimal digits", HelpName = "IV" };
        Option<ulong?> sequence = new("--sequence") { Description = "Of segments of HLS without an IV: the media sequence number of the first, which is the IV", HelpName = "N" };
        Option<string?> keyFile = new("--key-file") { Description = "A file with one KID:KEY a line, or - for standard input", HelpName = "FILE|-" };
        Option<string?> cpix = new("--cpix") { Description = "A CPIX document with keys, or - for standard input", HelpName = "FILE|-" };
        Option<string?> cpixKey = new("--cpix-key") { Description = "The private key (PEM, not encrypted) of the recipient that the keys of --cpix are encrypted for", HelpName = "PEM" };
        Option<string?> kid = new("--kid") { Description = "Of segments of HLS: which key of --cpix, where it has several", HelpName = "KID" };
        Option<string> to = new("--to") { Description = "Where to: a file, or - for standard output", HelpName = "FILE|-", Required = true };
        Option<bool> force = new("--force") { Description = "Replace what exists" };
        Option<string?> init = new("--init") { Description = "The initialisation segment of the files, which then go by the numbers in their names: --init init.mp4 seg-*.m4s", HelpName = "FILE" };
        Option<int> threads = new("--threads") { Description = "How many fragments are decrypted at once, 1 to 1024; without it as many as there are processors", HelpName = "N" };
        Option<bool> sha256 = new("--sha256") { Description = "Take the SHA-256 of the output too" };
        Option<bool> allowProtected = new("--allow-protected") { Description = "Leave tracks as they are that no given key opens, or that are protected in another way; without it that is an error" };
        method.CompletionSources.Add("sample-aes", "aes-128");
        threads.Validators.Add(result =>
        {
            if (result.Tokens is not [{ Value: { } text }] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number is < 1 or > DecryptRun.MostThreads)
                result.AddError($"--threads takes a number from 1 to {DecryptRun.MostThreads}");
        });
        Command command = new("decrypt", "Decrypts files whose keys you hold. The output has the length of the input, and every offset in it stays true.")
        {
            files, keys, keyFile, cpix, cpixKey, kid, to, force, init, method, vector, sequence, threads, sha256, allowProtected,
        };
        command.SetAction((parse, cancellationToken) =>
        {
            CommandContext asked = context(parse);
            DecryptRequest request = new()
            {
                Files = parse.GetValue(files) ?? [],
                Init = parse.GetValue(init),
                Keys = parse.GetValue(keys) ?? [],
                KeyFile = parse.GetValue(keyFile),
                Cpix = parse.GetValue(cpix),
                CpixKey = parse.GetValue(cpixKey),
                Kid = parse.GetValue(kid),
                To = parse.GetRequiredValue(to),
                Force = parse.GetValue(force),
                Method = parse.GetValue(method),
                Vector = parse.GetValue(vector),
                Sequence = parse.GetValue(sequence),
                Threads = parse.GetValue(threads),
                Sha256 = parse.GetValue(sha256),
                AllowProtected = parse.GetValue(allowProtected),
                Json = asked.Json,
            };
            return run(request, asked.Io, cancellationToken);
        });
        return command;
    }
}
