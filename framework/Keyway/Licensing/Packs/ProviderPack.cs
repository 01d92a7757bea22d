using System.Text.Json;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Origins;
using Keyway.Licensing.Templates;
using Keyway.Licensing.Tokens;

namespace Keyway.Licensing.Packs;

/// <summary>
/// A licence service as data: where it is, what its requests carry and where, how a licence stands in its answers, and how it refuses. A host names
/// one in configuration (<c>Keyway:Providers:NAME:Pack</c>), sets its parameters, and it becomes a pipeline. <c>docs/providers.md</c> has the format.
/// </summary>
/// <remarks>Threads: any; nothing of it changes.</remarks>
public sealed class ProviderPack
{
    /// <summary>The longest pack that is read, in bytes.</summary>
    public const int MaximumLength = 256 * 1024;

    private ProviderPack(string origin) => Origin = origin;

    /// <summary>Its name.</summary>
    public string Name { get; private init; } = "";

    /// <summary>What it is for, for people.</summary>
    public string Title { get; private init; } = "";

    /// <summary>Where it came from: a file, or <c>built in</c>.</summary>
    public string Origin { get; }

    /// <summary>The documents that its facts are from.</summary>
    public IReadOnlyList<string> Sources { get; private init; } = [];

    /// <summary>What it was tried against.</summary>
    public string Tested { get; private init; } = "";

    /// <summary>What a reader of the pack should know.</summary>
    public string? Notes { get; private init; }

    /// <summary>What it leaves to whoever uses it.</summary>
    public IReadOnlyList<PackParameter> Parameters { get; private init; } = [];

    /// <summary>The key systems that it serves, by name.</summary>
    public IReadOnlyList<string> KeySystems => [.. Layers.Keys];

    internal PackLayer Request { get; private init; } = new();

    internal IReadOnlyDictionary<string, PackLayer> Layers { get; private init; } = new Dictionary<string, PackLayer>();

    /// <summary>Where URLs come from, the first that is there.</summary>
    internal IReadOnlyList<PackUrlSource> UrlFrom { get; private init; } = DefaultUrlFrom;

    /// <summary>Origins that it trusts besides those of its URLs.</summary>
    internal IReadOnlyList<Origin> Origins { get; private init; } = [];

    internal PackNode? Token { get; private init; }

    internal IReadOnlyList<string> Redact { get; private init; } = [];

    internal PackNames Names { get; private init; } = new([]);

    private static PackUrlSource[] DefaultUrlFrom { get; } = Enum.GetValues<PackUrlSource>();

    /// <summary>Reads a pack.</summary>
    /// <param name="json">The JSON text.</param>
    /// <param name="origin">Where it came from, for messages: a file's name.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="SettingsException">Something is wrong; every mistake is told, each with its JSON path.</exception>
    public static ProviderPack Read(ReadOnlyMemory<byte> json, string origin)
    {
        ArgumentException.ThrowIfNullOrEmpty(origin);
        PackMistakes mistakes = new();
        if (json.Length > MaximumLength) throw new SettingsException(origin, $"longer than {MaximumLength} bytes");
        try
        {
            if (json.Span.StartsWith("\uFEFF"u8)) json = json[3..];
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 32, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            ProviderPack pack = Read(PackNode.Of(document.RootElement, $"{origin}: $", mistakes), origin, mistakes);
            mistakes.Check();
            return pack;
        }
        catch (InvalidOperationException)
        {
            throw new SettingsException(origin, "not JSON: a text in it is not UTF-8, or has half a surrogate pair");
        }
        catch (JsonException exception)
        {
            throw new SettingsException(origin, string.Create(System.Globalization.CultureInfo.InvariantCulture, $"not JSON: line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1}"));
        }
    }

    /// <summary>Finds what configuration names: a built-in pack, or a file.</summary>
    /// <param name="name">The name of a built-in pack; or a path, which ends in <c>.json</c> or has a separator in it.</param>
    /// <param name="folder">Where relative paths start.</param>
    /// <returns>The pack.</returns>
    /// <exception cref="SettingsException">There is none, or something is wrong with it.</exception>
    public static ProviderPack Load(string name, string folder)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!IsFile(name))
        {
            return BuiltInPacks.Find(name) ??
                throw new SettingsException("Pack", $"there is no built-in pack '{name}' (there are {string.Join(", ", BuiltInPacks.Names)}); a file's name ends in .json");
        }

        string path = Path.GetFullPath(name, folder);
        try
        {
            FileInfo file = new(path);
            if (!file.Exists) throw new SettingsException(name, $"there is no file {path}");
            if (file.Length > MaximumLength) throw new SettingsException(name, $"longer than {MaximumLength} bytes");
            return Read(File.ReadAllBytes(path), Path.GetFileName(path));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException(name, $"{path} cannot be read ({exception.GetType().Name})");
        }
    }

    /// <summary>The names of the secrets that it refers to itself.</summary>
    public IReadOnlyList<string> SecretReferences { get; private init; } = [];

    private static bool IsFile(string name) => name.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || name.AsSpan().ContainsAny('/', '\\');

    private static ProviderPack Read(PackNode root, string origin, PackMistakes mistakes)
    {
        PackReader reader = new(root, mistakes);
        reader.Member("$schema");
        PackParameter[] parameters = [.. reader.Entries("parameters").Select(entry => PackParameter.Read(entry.Name, entry.Node, mistakes))];
        PackNames names = new(parameters);
        PackReader? request = reader.Object("request");
        PackLayer common = request is null ? new PackLayer() : PackLayer.Read(request, names, kinds: true);
        request?.End();

        Dictionary<string, PackLayer> layers = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, PackNode node) in reader.Entries("keySystems"))
        {
            PackReader inner = new(node, mistakes);
            if (!layers.TryAdd(name, PackLayer.Read(inner, names, kinds: true))) mistakes.Add(node, "the same key system is given twice");
            inner.End();
        }

        if (reader.Member("keySystems") is null) reader.Missing("keySystems");
        else if (layers.Count == 0) mistakes.Add(reader.Member("keySystems")!, "which key systems does it serve?");

        PackNode? token = reader.Member("token");
        if (token is not null) PackTokenSettings.Read(token, names, mistakes);
        ProviderPack pack = new(origin)
        {
            Name = ReadName(reader),
            Title = reader.Text("title") ?? "",
            Sources = [.. reader.Texts("source").Select(static source => source.Text!)],
            Tested = reader.Required("tested"),
            Notes = reader.Text("notes"),
            Parameters = parameters,
            Request = common,
            Layers = layers,
            UrlFrom = ReadUrlFrom(reader),
            Origins = ReadOrigins(reader),
            Token = token,
            Redact = [.. reader.Texts("redact").Select(static item => item.Text!)],
            Names = names,
            SecretReferences = [.. References(root).Distinct(StringComparer.Ordinal)],
        };
        if (reader.Member("source") is null) reader.Missing("source");
        reader.End();
        return pack;
    }

    private static string ReadName(PackReader reader)
    {
        string name = reader.Required("name");
        if (name.Length > 0 && !name.All(static c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '.'))
            reader.Mistakes.Add(reader.Member("name")!, "a name is lower-case letters, digits, dashes and dots");
        return name;
    }

    private static PackUrlSource[] ReadUrlFrom(PackReader reader)
    {
        List<PackUrlSource> sources = [];
        foreach (PackNode item in reader.Texts("urlFrom"))
        {
            if (!PackReader.TryChoice(item.Text!, out PackUrlSource source)) reader.Mistakes.Add(item, $"not one of {string.Join(", ", Enum.GetNames<PackUrlSource>().Select(static name => name.ToLowerInvariant()))}");
            else if (sources.Contains(source)) reader.Mistakes.Add(item, "stands here twice");
            else sources.Add(source);
        }

        return sources.Count == 0 ? DefaultUrlFrom : [.. sources];
    }

    private static List<Origin> ReadOrigins(PackReader reader)
    {
        List<Origin> origins = [];
        foreach (PackNode item in reader.Texts("origins"))
        {
            if (Keyway.Licensing.Origins.Origin.TryParse(item.Text, out Origin origin)) origins.Add(origin);
            else reader.Mistakes.Add(item, "not an origin (https://host or https://host:port)");
        }

        return origins;
    }

    private static IEnumerable<string> References(PackNode node) =>
        node.Text is { } text && text.StartsWith(StepValue.SecretPrefix, StringComparison.Ordinal)
            ? [text[StepValue.SecretPrefix.Length..]]
            : node.Items.SelectMany(References);
}

/// <summary>Where the URL of a licence request may come from.</summary>
internal enum PackUrlSource
{
    /// <summary>The application, for this presentation.</summary>
    Caller = 0,

    /// <summary>The provider's <c>Endpoints</c>.</summary>
    Configuration,

    /// <summary>It came with the token.</summary>
    Token,

    /// <summary>The pack's own.</summary>
    Provider,

    /// <summary>The manifest; under the rule of origins.</summary>
    Manifest,

    /// <summary>The protection header; under the rule of origins.</summary>
    Header,

    /// <summary>The challenge itself (a renewal); under the rule of origins.</summary>
    Message,
}
