using System.CommandLine;
using System.CommandLine.Completions;
using System.Text;
using Keyway.Licensing;
using Keyway.Licensing.Origins;
using Keyway.Sources;
using Keyway.Timeline;

namespace Keyway.Cli.Commands;

/// <summary>The arguments of every command that opens a presentation.</summary>
internal sealed class PresentationArguments
{
    public Argument<string?> Source { get; } = new("source") { Description = "A DASH manifest, an HLS playlist or an MP4 file: a path, or an http(s) URL", Arity = ArgumentArity.ZeroOrOne, HelpName = "MPD|M3U8|MP4|URL" };

    public Option<string?> Video { get; } = new("--video") { Description = "Which video: a height (720), bits per second, a language, an id, or none", HelpName = "WHICH" };

    public Option<string?> Audio { get; } = new("--audio") { Description = "Which audio: a language (de), bits per second, an id, or none", HelpName = "WHICH" };

    public Option<string?> Text { get; } = new("--text") { Description = "Which subtitles or captions: a language (de), bits per second, or an id; without it, none", HelpName = "WHICH" };

    public Option<string?> From { get; } = new("--from") { Description = "From which time of the presentation; of a live one, as far back as it is kept", HelpName = "TIME" };

    public Option<string?> Until { get; } = new("--until") { Description = "Until which time of the presentation", HelpName = "TIME" };

    public Option<string?> KeySystem { get; } = new("--key-system") { Description = "The key system, instead of the first by priority that fits", HelpName = "NAME" };

    public Option<string?> Provider { get; } = new("--provider") { Description = "The configured provider, instead of the routed one", HelpName = "NAME" };

    public Option<string[]> Fallback { get; } = new("--fallback") { Description = "What is tried where a licence cannot be had and another way could mend that, in this order, instead of Keyway:Licenses:Fallback: a key system, @ and a provider, or both; none: nothing", HelpName = "NAME[@PROVIDER]|none" };

    public Option<string?> LicenseUrl { get; } = new("--license-url") { Description = "The licence server; naming it makes it trusted", HelpName = "URL" };

    public Option<string[]> LicenseHeaders { get; } = new("--license-header") { Description = "A header for licence requests", HelpName = "NAME: VALUE" };

    public Option<FileInfo?> TokenFile { get; } = new("--token-file") { Description = "A file with the token for the provider's step 'token'; read anew for each token", HelpName = "FILE" };

    public Option<FileInfo?> CustomDataFile { get; } = new("--custom-data-file") { Description = "A file with data for the challenge itself", HelpName = "FILE" };

    public Option<string[]> Values { get; } = new("--value") { Description = "A value that the provider's pipeline names as {NAME}", HelpName = "NAME=VALUE" };

    public Option<string[]> Keys { get; } = new("--key") { Description = "A key that you hold, of an id (KID:KEY) or of an address that a playlist names (URI=KEY): nothing is asked for it; others on this machine can see arguments", HelpName = "KID:KEY|URI=KEY" };

    public Option<string?> KeyFile { get; } = new("--key-file") { Description = "The same in a file, one a line; - is standard input", HelpName = "FILE" };

    public Option<string?> Cpix { get; } = new("--cpix") { Description = "A CPIX document with keys that you hold, or - for standard input", HelpName = "FILE|-" };

    public Option<string?> CpixKey { get; } = new("--cpix-key") { Description = "The private key (PEM, not encrypted) of the recipient that the keys of --cpix are encrypted for", HelpName = "PEM" };

    public Option<bool> Persist { get; } = new("--persist") { Description = "Store the licence in Keyway:Licenses:Store, and play from there without the server the next time" };

    public Option<FileInfo?> Record { get; } = new("--record") { Description = "Write the exchanges with licence services to a file that may be handed to others (HAR): no secret is in it", HelpName = "FILE.har" };

    public Option<bool> RecordBodies { get; } = new("--record-bodies") { Description = "Challenges and licences are in that file too, sealed under the secret 'record'" };

    public Option<string[]> Headers { get; } = new("--header") { Description = "A header for content requests, to the manifest's origin only", HelpName = "NAME: VALUE" };

    public Option<string[]> HeadersFor { get; } = new("--header-for") { Description = "A header for content requests to another origin", HelpName = "ORIGIN NAME: VALUE" };

    public Option<string[]> Allowed { get; } = new("--allow-origin") { Description = "An origin of this machine or its network that content may name", HelpName = "ORIGIN" };

    public PresentationArguments()
    {
        KeySystem.CompletionSources.Add(static asked => Names(asked, "KeySystems"));
        Provider.CompletionSources.Add(static asked => Names(asked, "Providers"));
        Fallback.CompletionSources.Add(static asked => Names(asked, "KeySystems").Append(new CompletionItem("none")));
    }

    public void AddTo(Command command)
    {
        command.Arguments.Add(Source);
        foreach (Option option in (Option[])[Video, Audio, Text, KeySystem, Provider, Fallback, LicenseUrl, LicenseHeaders, TokenFile, CustomDataFile, Values, Keys, KeyFile, Cpix, CpixKey, Persist, Record, RecordBodies, Headers, HeadersFor, Allowed])
            command.Options.Add(option);
    }

    /// <summary>Adds what a request for a licence is made with, for commands without a presentation.</summary>
    public void AddLicenseOptionsTo(Command command)
    {
        foreach (Option option in (Option[])[LicenseUrl, LicenseHeaders, TokenFile, CustomDataFile, Values]) command.Options.Add(option);
    }

    /// <summary>Makes options of what the user wrote.</summary>
    /// <exception cref="UsageException">An argument is wrong.</exception>
    public PresentationOptions Read(ParseResult parse)
    {
        return new PresentationOptions
        {
            Provider = parse.GetValue(Provider),
            KeySystem = parse.GetValue(KeySystem),
            Fallback = ReadFallback(parse.GetValue(Fallback) ?? []),
            LicenseUrl = ReadUrl(parse.GetValue(LicenseUrl)),
            LicenseHeaders = Dictionary((parse.GetValue(LicenseHeaders) ?? []).Select(static text => NameValue.ParseHeader(text, "--license-header")), "--license-header", StringComparer.OrdinalIgnoreCase),
            CustomData = parse.GetValue(CustomDataFile) is { } file ? ReadText(file) : null,
            Values = Dictionary((parse.GetValue(Values) ?? []).Select(static text => NameValue.Parse(text, '=', "--value")), "--value", StringComparer.Ordinal),
            Token = parse.GetValue(TokenFile) is { } token ? TokenFrom(token) : null,
            Kind = parse.GetValue(Persist) ? SessionKind.PersistentLicense : SessionKind.Temporary,
            Video = parse.GetValue(Video) is { } video ? new TrackQuery(video) : null,
            Audio = parse.GetValue(Audio) is { } audio ? new TrackQuery(audio) : null,
            Text = parse.GetValue(Text) is { } text ? new TrackQuery(text) : null,
            ContentHeaders = [.. (parse.GetValue(Headers) ?? []).Select(static text => NameValue.ParseHeader(text, "--header"))],
            ContentHeadersFor = [.. (parse.GetValue(HeadersFor) ?? []).Select(ReadHeaderFor)],
            AllowedContentOrigins = [.. (parse.GetValue(Allowed) ?? []).Select(static text => ReadOrigin(text, "--allow-origin"))],
        };
    }

    /// <summary>The keys that the user holds. Ownership: the caller's.</summary>
    /// <exception cref="UsageException">One is none.</exception>
    public Task<HeldKeys> ReadKeysAsync(ParseResult parse, CommandIo io, CancellationToken cancellationToken) =>
        HeldKeys.ReadAsync(parse.GetValue(Keys) ?? [], parse.GetValue(KeyFile), parse.GetValue(Cpix), parse.GetValue(CpixKey), ReadSource(parse), io, cancellationToken);

    /// <summary>The range of the presentation that the user named.</summary>
    /// <exception cref="UsageException">It is none.</exception>
    public TimeRange ReadRange(ParseResult parse)
    {
        TimeRange range = new()
        {
            From = parse.GetValue(From) is { } from ? TimeSpanText.ParseMoment(from, "--from") : null,
            Until = parse.GetValue(Until) is { } until ? TimeSpanText.Parse(until, "--until") : null,
        };
        return range.From >= range.Until ? throw new UsageException("--until must be later than --from") : range;
    }

    /// <summary>The address of what the user named.</summary>
    public Uri? ReadSource(ParseResult parse) => parse.GetValue(Source) is { } text ? MediaSources.AddressOf(text) : null;

    /// <summary>What a command is run with where exchanges are to be recorded: a setting over all others.</summary>
    /// <param name="parse">The arguments.</param>
    /// <param name="context">What the command is run with.</param>
    /// <param name="force">Whether what exists is replaced; <see langword="null"/>: the command has no such option.</param>
    /// <exception cref="UsageException">It is no file.</exception>
    /// <exception cref="Targets.TargetException">The file exists and may not be replaced.</exception>
    public CommandContext Recording(ParseResult parse, CommandContext context, bool? force)
    {
        if (parse.GetValue(Record) is not { } file) return parse.GetValue(RecordBodies) ? throw new UsageException("--record-bodies is for --record") : context;
        if (parse.GetResult(Record)!.Tokens is [{ Value: "-" }]) throw new UsageException("--record takes a file: what went wrong is told on standard output and standard error");
        if (force is null && (file.Exists || file.LinkTarget is not null)) throw new Targets.TargetException($"{file.FullName} exists, and no record replaces it");
        Targets.PendingFile.Refuse(file.FullName, force ?? false);
        return context with
        {
            Settings =
            [
                .. context.Settings,
                KeyValuePair.Create("Keyway:Licenses:Record", (string?)file.FullName),
                KeyValuePair.Create("Keyway:Licenses:RecordBodies", (string?)(parse.GetValue(RecordBodies) ? "true" : "false")),
            ],
        };
    }

    private static List<LicenseFallback>? ReadFallback(string[] texts)
    {
        if (texts.Length == 0) return null;
        if (texts is ["none"]) return [];
        List<LicenseFallback> fallbacks = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('@');
            if (parts.Length > 2 || text is "none" or "" or "@" || (parts.Length == 2 && parts[1].Length == 0)) throw new UsageException("--fallback takes a key system, @PROVIDER, or KEYSYSTEM@PROVIDER; or none, alone");
            fallbacks.Add(new LicenseFallback { KeySystem = parts[0].Length > 0 ? parts[0] : null, Provider = parts.Length == 2 ? parts[1] : null });
        }

        return fallbacks;
    }

    // Of the file beside the program and the environment: what else the line names is still being written.
    private static IEnumerable<CompletionItem> Names(CompletionContext asked, string section) =>
        Host.ReadSettings(new CommandContext(new CommandIo { OpenInput = static () => Stream.Null, OpenOutput = static () => Stream.Null }, false, ConfigurationOf(asked.ParseResult), false, []))
            .GetSection($"Keyway:{section}").GetChildren().Select(static child => new CompletionItem(child.Key));

    private static string? ConfigurationOf(ParseResult parse) => parse.GetValue<FileInfo?>("--config") is { Exists: true } file ? file.FullName : null;

    private static Uri? ReadUrl(string? text)
    {
        if (text is null) return null;
        return Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new UsageException("--license-url takes an http or https URL");
    }

    private static OriginHeader ReadHeaderFor(string text)
    {
        string[] parts = text.Trim().Split(' ', 2);
        if (parts is not [{ } origin, { } header]) throw new UsageException("--header-for takes ORIGIN NAME: VALUE");
        (string name, string value) = NameValue.ParseHeader(header, "--header-for");
        return new OriginHeader(ReadOrigin(origin, "--header-for"), name, value);
    }

    private static Uri ReadOrigin(string text, string option) =>
        Origin.TryParse(text, out _) ? new Uri(text) : throw new UsageException($"{option} takes an origin: https://host or http://host:port, and nothing behind it");

    private static Dictionary<string, string> Dictionary(IEnumerable<KeyValuePair<string, string>> pairs, string option, StringComparer comparer)
    {
        Dictionary<string, string> read = new(comparer);
        foreach ((string name, string value) in pairs)
            if (!read.TryAdd(name, value)) throw new UsageException($"{option} names {name} twice");
        return read;
    }

    private static string ReadText(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName, Encoding.UTF8).TrimEnd('\r', '\n');
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--custom-data-file: {exception.Message}");
        }
    }

    private static TokenSource TokenFrom(FileInfo file)
    {
        if (!file.Exists) throw new UsageException($"--token-file: there is no file {file.FullName}");
        return async (_, cancellationToken) =>
        {
            byte[] bytes = await File.ReadAllBytesAsync(file.FullName, cancellationToken).ConfigureAwait(false);
            // Without the mark before it and the line end that editors add.
            int first = bytes.AsSpan().StartsWith("\uFEFF"u8) ? 3 : 0;
            return LicenseToken.Take(bytes.AsMemory(first, bytes.AsSpan(first).TrimEnd("\r\n"u8).Length));
        };
    }
}
