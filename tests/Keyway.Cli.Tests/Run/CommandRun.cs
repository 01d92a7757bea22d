using System.Text.Json;
using Keyway.Cli.Mp4Decrypt;
using Keyway.Testing;

namespace Keyway.Cli.Run;

/// <summary>One run of the command in this process, and what came of it.</summary>
internal sealed record CommandRun(int Code, string Out, string Error, byte[] Media)
{
    /// <summary>Both texts.</summary>
    public string Text => Out + Error;

    /// <summary>The one object on standard output.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Out);
            return document.RootElement.Clone();
        }
    }

    /// <summary>Runs the command, and checks of every run that no content key was shown, in any form.</summary>
    public static Task<CommandRun> OfAsync(params string[] arguments) => OfAsync(arguments, [], TestContext.Current.CancellationToken);

    /// <inheritdoc cref="OfAsync(string[])"/>
    public static Task<CommandRun> OfAsync(string[] arguments, byte[] input, CancellationToken cancellationToken) => OfAsync(io => KeywayCommand.RunAsync(arguments, io, cancellationToken), input);

    /// <summary>Runs what <c>mp4decrypt</c> is, with the words after that name.</summary>
    public static Task<CommandRun> OfMp4DecryptAsync(params string[] words) => OfMp4DecryptAsync(words, []);

    /// <inheritdoc cref="OfMp4DecryptAsync(string[])"/>
    public static Task<CommandRun> OfMp4DecryptAsync(string[] words, byte[] input) =>
        OfAsync(io => Task.Run(() => Mp4DecryptRun.Run(words, io, TestContext.Current.CancellationToken)), input);

    private static async Task<CommandRun> OfAsync(Func<CommandIo, Task<int>> command, byte[] input)
    {
        await using StringWriter output = new(), error = new();
        await using MemoryStream media = new();
        CommandIo io = new()
        {
            Out = TextWriter.Synchronized(output),
            Error = TextWriter.Synchronized(error),
            OpenInput = () => new MemoryStream(input, writable: false),
            OpenOutput = () => media,
        };
        int code = await command(io);
        CommandRun run = new(code, output.ToString(), error.ToString(), media.ToArray());
        LeakScan scan = new();
        foreach (string label in (string[])["HD", "SD", "AUDIO"]) scan.Plant($"content key {label}", Convert.FromHexString(Sample.Key(label)));
        scan.Add("exit code", $"{code}");
        scan.Add("standard output", run.Out);
        scan.Add("standard error", run.Error);
        scan.Check();
        return run;
    }

    /// <summary>Checks that secrets are in neither text.</summary>
    public CommandRun ShouldNotShow(params string[] secrets)
    {
        foreach (string secret in secrets) Text.Should().NotContain(secret, "it is a secret");
        return this;
    }

    /// <summary>Checks the exit code, and shows what the command said where it is another.</summary>
    public CommandRun ShouldEndWith(int code)
    {
        Code.Should().Be(code, $"it said: {Text}");
        return this;
    }

    /// <summary>Checks that a run under <c>--json</c> failed with one object and nothing else.</summary>
    public CommandRun ShouldFailInJson(int code, string kind)
    {
        ShouldEndWith(code);
        Error.Should().BeEmpty();
        JsonElement error = Json.GetProperty("error");
        error.GetProperty("code").GetInt32().Should().Be(code);
        error.GetProperty("kind").GetString().Should().Be(kind);
        error.GetProperty("message").GetString().Should().NotBeNullOrEmpty();
        return this;
    }
}
