using System.Text;
using System.Text.Json;
using Keyway.Licensing.Templates;

namespace Keyway.Licensing.Packs;

/// <summary>
/// Whatever a pack can say, a provider's own list of steps can say: each built-in pack is written out as configuration, member by member, and both do the same to
/// the byte with each key system, kind of challenge, setting and answer. What they do is compared with wire forms in <see cref="BuiltInPackTests"/>.
/// </summary>
public sealed class PackAsConfigurationTests
{
    private const string LicenseInBase64 = "CAL6AM4K";

    private static readonly Answer[] Answers =
    [
        Answer.Bytes(PackBench.License),
        Answer.Text(LicenseInBase64),
        Answer.Json($$$"""{"status":"OK","license":"{{{LicenseInBase64}}}","licence":"{{{LicenseInBase64}}}","getWidevineLicenseResponse":{"license":"{{{LicenseInBase64}}}"}}"""),
        Answer.Json("""{"status":"ACCESS_DENIED","errorCode":"7127","code":3003,"message":"no","error":{"code":"4006","message":"not you"}}"""),
        Answer.Json("""{"errorCode":4007,"message":"no"}""", 403),
        new(403, "text/plain", Encoding.UTF8.GetBytes("go away"), ("X-AxDRM-ErrorMessage", "not for this key"), ("X-ErrorCode", "17")),
        Answer.Text("<soap:Envelope><soap:Body><soap:Fault/></soap:Body></soap:Envelope>", 500, "text/xml"),
        Answer.Text("", 401),
    ];

    public static TheoryData<string> Packs => [.. BuiltInPacks.Names];

    [Theory]
    [MemberData(nameof(Packs))]
    public async Task Pack_and_the_same_steps_in_configuration_do_the_same(string name)
    {
        using JsonDocument document = JsonDocument.Parse(Text(name));
        ProviderPack pack = BuiltInPacks.Find(name)!;
        int compared = 0;
        foreach ((int set, (string, string)[] settings) in SettingsOf(pack).Index())
        {
            // Settings change what is asked far more than how an answer is read.
            Answer[] answers = set == 0 ? Answers : [Answers[2], Answers[4]];
            foreach (string system in pack.KeySystems)
            {
                foreach (ChallengeKind kind in (ChallengeKind[])[ChallengeKind.License, ChallengeKind.Renewal, ChallengeKind.ServerCertificate])
                {
                    foreach (Answer answer in answers)
                    {
                        string packs = await RunAsync(new PackBench(name, (_, _) => answer, [.. settings, ("Steps:retry:Delay", "00:00:00.001")]), pack, system, kind);
                        string steps = await RunAsync(PackBench.OfSteps((_, _) => answer, [.. Written(document.RootElement), .. settings]), pack, system, kind);
                        steps.Should().Be(packs, "{0} {1} {2}: {3}", system, kind, answer.Status, string.Join(", ", settings));
                        compared++;
                    }
                }
            }
        }

        compared.Should().BeGreaterThanOrEqualTo(3 * Answers.Length);
    }

    [Theory]
    [MemberData(nameof(Packs))]
    public void Pipeline_of_a_pack_names_steps_that_there_are(string name)
    {
        ProviderPack pack = BuiltInPacks.Find(name)!;
        PackBench bench = new(name, static (_, _) => Answer.Bytes([]), SettingsOf(pack).First());
        bench.Pipeline.Steps.SkipLast(1).Should().BeSubsetOf(new Steps.LicenseSteps().Names);
    }

    private static string Text(string pack)
    {
        using StreamReader reader = new(typeof(BuiltInPacks).Assembly.GetManifestResourceStream($"Keyway.Licensing.Packs.BuiltIn.{pack}.json")!);
        return reader.ReadToEnd();
    }

    /// <summary>Settings that will do, and for each parameter with choices each of its choices.</summary>
    private static IEnumerable<(string, string)[]> SettingsOf(ProviderPack pack)
    {
        Dictionary<string, string> all = pack.Parameters.Where(static each => each is { Default: null, PerPresentation: false }).ToDictionary(static each => each.Name, ValueOf);
        yield return [.. all.Where(each => pack.Parameters.Single(parameter => parameter.Name == each.Key).Required).Select(static each => ($"Settings:{each.Key}", each.Value))];
        yield return [.. all.Select(static each => ($"Settings:{each.Key}", each.Value))];
        foreach (PackParameter parameter in pack.Parameters.Where(static each => !each.PerPresentation))
            foreach (string choice in parameter.Choices) yield return [.. all.Where(each => each.Key != parameter.Name).Select(static each => ($"Settings:{each.Key}", each.Value)), ($"Settings:{parameter.Name}", choice)];
    }

    private static string ValueOf(PackParameter parameter) =>
        parameter.Secret ? "secret:code" :
        parameter.Choices.Count > 0 ? parameter.Choices[0] :
        parameter.Name.Contains("host", StringComparison.OrdinalIgnoreCase) ? "h.example" : "v1";

    /// <summary>A pack as a provider's entry.</summary>
    private static List<(string, string)> Written(JsonElement pack)
    {
        List<(string, string)> entry = [];
        if (pack.TryGetProperty("parameters", out JsonElement parameters)) Write(entry, "Parameters", parameters);
        int count = 0;
        entry.Add(($"{Step("retry")}:Delay", "00:00:00.001"));
        bool token = pack.TryGetProperty("token", out JsonElement own);
        if (token || pack.GetRawText().Contains("{token", StringComparison.Ordinal))
        {
            string path = Step("token");
            entry.Add(($"{path}:Placement", "None"));
            if (token) Write(entry, path, own);
        }

        if (pack.GetRawText().Contains("\"customData\"", StringComparison.Ordinal)) Layers(Step("customdata"), ("customData", "Value"));
        Step("challenge");
        string request = Step("request");
        if (pack.TryGetProperty("urlFrom", out JsonElement urlFrom)) Write(entry, request + ":UrlFrom", urlFrom);
        else foreach ((int i, string source) in ((string[])["caller", "configuration", "token", "provider", "manifest", "header", "message"]).Index()) entry.Add(($"{request}:UrlFrom:{i}", source));
        foreach (string member in (string[])["origins", "redact"])
            if (pack.TryGetProperty(member, out JsonElement value)) Write(entry, $"{request}:{member}", value);
        Layers(request, ("url", "Url"), ("method", "Method"), ("contentType", "ContentType"), ("headers", "Headers"), ("query", "Query"), ("body", "Body"));
        if (pack.GetRawText().Contains("\"response\"", StringComparison.Ordinal)) Layers(Step("response"), ("response", "Operations"));
        if (pack.GetRawText().Contains("\"errors\"", StringComparison.Ordinal)) Layers(Step("errors"), ("errors", "Probes"));
        Step("timeout");
        return entry;

        string Step(string use)
        {
            string path = $"Pipeline:{count++}";
            entry.Add(($"{path}:Use", use));
            return path;
        }

        void Layers(string path, params (string Member, string Name)[] members)
        {
            if (pack.TryGetProperty("request", out JsonElement common)) Layer(path, common, members);
            foreach (JsonProperty system in pack.GetProperty("keySystems").EnumerateObject())
            {
                entry.Add(($"{path}:KeySystems:{system.Name}", null!));
                Layer($"{path}:KeySystems:{system.Name}", system.Value, members);
            }
        }

        void Layer(string path, JsonElement layer, (string Member, string Name)[] members)
        {
            foreach ((string member, string name) in members)
                if (layer.TryGetProperty(member, out JsonElement value)) Write(entry, $"{path}:{name}", value);
            if (!layer.TryGetProperty("kinds", out JsonElement kinds)) return;
            foreach (JsonProperty kind in kinds.EnumerateObject())
            {
                entry.Add(($"{path}:Kinds:{kind.Name}", null!));
                Layer($"{path}:Kinds:{kind.Name}", kind.Value, members);
            }
        }
    }

    // As the JSON provider of configuration reads it; but JSON that is sent stands in one text, as order and numbers count there.
    internal static void Write(List<(string, string)> entry, string path, JsonElement value)
    {
        bool sent = path.EndsWith(":json", StringComparison.Ordinal) && !path.Contains("Probes", StringComparison.Ordinal) && !path.Contains("errors", StringComparison.Ordinal);
        if (value.ValueKind == JsonValueKind.Object && !sent && !value.EnumerateObject().Any()) entry.Add((path, null!));
        else if (value.ValueKind == JsonValueKind.Object && !sent) foreach (JsonProperty member in value.EnumerateObject()) Write(entry, $"{path}:{member.Name}", member.Value);
        else if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0 && !sent) foreach ((int i, JsonElement item) in value.EnumerateArray().Index()) Write(entry, $"{path}:{i}", item);
        else entry.Add((path, value.ValueKind switch { JsonValueKind.Null => null!, JsonValueKind.Array when !sent => "", JsonValueKind.Object or JsonValueKind.Array => value.GetRawText(), _ => value.ToString() }));
    }

    private static async Task<string> RunAsync(PackBench bench, ProviderPack pack, string system, ChallengeKind kind)
    {
        StringBuilder done = new($"{bench.Service.Origins}\n");
        Dictionary<string, string> values = pack.Parameters.Where(static each => each.PerPresentation).ToDictionary(static each => each.Name, static each => $"{each.Name} of this");
        int tokens = 0;
        try
        {
            byte[] license = await bench.RunAsync(system, kind, kind == ChallengeKind.Renewal ? new Uri("https://caller.example/l?x=1") : null, values, (_, _) => new(LicenseToken.FromText($"t0k.en-{tokens++}")));
            done.AppendLine(Convert.ToHexString(license));
        }
        catch (LicenseServiceException failure)
        {
            done.AppendLine($"{failure.Kind} {failure.ProviderCode} {failure.Status} {failure.Retryable} {failure.Message} {failure.Advice}");
        }

        foreach (Sent sent in bench.Wire.Sent)
        {
            Uri url = new(sent.Url);
            // Configuration sorts names, and so what it adds to a query.
            done.AppendLine($"{sent.Method} {url.GetLeftPart(UriPartial.Path)} {string.Join('&', url.Query.TrimStart('?').Split('&').Order(StringComparer.Ordinal))}");
            foreach ((string header, string value) in sent.Headers.OrderBy(static header => header.Key, StringComparer.OrdinalIgnoreCase)) done.AppendLine($"{header}: {value}");
            done.AppendLine(Convert.ToHexString(sent.Body));
        }

        foreach (PackBench.Source source in bench.Sources)
            foreach (ChallengeRequest written in source.Written) done.AppendLine($"{written.Kind} {written.CustomData}");
        return done.ToString();
    }
}
