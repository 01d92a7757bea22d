using System.CommandLine;
using System.Text.Json;
using Keyway.Hosting.Configuration;
using Keyway.Licensing;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Packs;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;
using Spectre.Console;

namespace Keyway.Cli.Commands;

/// <summary><c>keyway providers</c>: the licence services that are known as data; and a look at a pack before anything is sent.</summary>
internal static class ProvidersCommand
{
    public static Command Create(Func<ParseResult, CommandContext> context)
    {
        Command command = new("providers", "Lists the licence services that are built in as packs, and those that are configured.");
        command.SetAction(parse => List(context(parse)));

        Argument<string> file = new("pack") { Description = "A pack: a JSON file, or the name of a built-in one", HelpName = "FILE|NAME" };
        Option<string[]> values = new("--value") { Description = "A parameter of the pack", HelpName = "NAME=VALUE" };
        Option<Uri?> against = new("--against")
        {
            Description = "Send the licence requests to this address, with placeholders for challenge, token and secrets, and say how the answers read",
            HelpName = "URL",
            CustomParser = static result =>
            {
                if (Uri.TryCreate(result.Tokens[0].Value, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https") return url;
                result.AddError("--against takes an http or https URL");
                return null;
            },
        };
        Command check = new("check", "Checks a pack as a host would, and shows the requests that it would make, secrets masked. Without --against nothing is sent.") { file, values, against };
        check.SetAction((parse, cancellationToken) => CheckAsync(context(parse), parse.GetValue(file)!, parse.GetValue(values) ?? [], parse.GetValue(against), cancellationToken));
        command.Subcommands.Add(check);
        return command;
    }

    private static int List(CommandContext context)
    {
        IConfigurationRoot root = Host.ReadSettings(context);
        IReadOnlyList<ProviderOptions> configured = [.. KeywayOptions.Read(root.GetSection("Keyway"), root).Providers.Values.OrderBy(static provider => provider.Name, StringComparer.Ordinal)];
        if (context.Json)
        {
            context.Io.Out.WriteLine(Json.Write(json =>
            {
                json.WriteStartObject();
                json.WriteStartArray("packs");
                foreach (ProviderPack pack in BuiltInPacks.All)
                {
                    json.WriteStartObject();
                    WriteFacts(json, pack);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteStartArray("configured");
                foreach (ProviderOptions provider in configured)
                {
                    json.WriteStartObject();
                    json.WriteString("name", provider.Name);
                    json.WriteString("of", MadeOf(provider));
                    json.WriteStrings("keySystems", provider.KeySystems);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
                json.WriteEndObject();
            }));
            return ExitCode.Done;
        }

        IAnsiConsole console = context.Io.OutConsole();
        Table packs = PresentationReport.NewTable("Pack", "Service", "Key systems", "Tested", "Source");
        foreach (ProviderPack pack in BuiltInPacks.All)
            packs.AddRow(Shown.Markup(pack.Name), Shown.Markup(pack.Title), Shown.Markup(string.Join(", ", pack.KeySystems)), Shown.Markup(pack.Tested), Shown.Markup(string.Join("  ", pack.Sources)));
        console.Write(packs);
        if (configured.Count == 0) return ExitCode.Done;
        Table own = PresentationReport.NewTable("Configured", "Made of", "Key systems");
        foreach (ProviderOptions provider in configured)
            own.AddRow(Shown.Markup(provider.Name), Shown.Markup(MadeOf(provider)), provider.KeySystems.Count == 0 ? "all that it serves" : Shown.Markup(string.Join(", ", provider.KeySystems)));
        console.Write(own);
        return ExitCode.Done;
    }

    private static async Task<int> CheckAsync(CommandContext context, string name, string[] values, Uri? against, CancellationToken cancellationToken)
    {
        Dictionary<string, string> settings = values.Select(static text => NameValue.Parse(text, '=', "--value")).DistinctBy(static pair => pair.Key).ToDictionary(StringComparer.Ordinal);
        ProviderPack pack;
        try
        {
            pack = ProviderPack.Load(name, Directory.GetCurrentDirectory());
        }
        catch (SettingsException exception)
        {
            return Refuse(context, exception);
        }

        if (settings.Keys.FirstOrDefault(key => pack.Parameters.All(parameter => parameter.Name != key)) is { } unknown)
            throw new UsageException($"the pack '{pack.Name}' has no parameter '{unknown}' (it has {(pack.Parameters.Count == 0 ? "none" : string.Join(", ", pack.Parameters.Select(static each => each.Name)))})");

        if (PackTrial.Mistakes(pack, settings) is { Count: > 0 } mistakes) return Refuse(context, new SettingsException(mistakes));
        IReadOnlyList<PackPreview> requests = PackPreview.Of(pack, settings);
        List<PackTrialResult> trials = [];
        foreach (string keySystem in against is null ? [] : pack.KeySystems) trials.Add(await PackTrial.RunAsync(pack, settings, keySystem, against!, cancellationToken));
        if (context.Json) await context.Io.Out.WriteLineAsync(Json.Write(json => Write(json, pack, requests, trials)));
        else Show(context.Io.OutConsole(), pack, requests, trials);
        return trials.TrueForAll(static trial => trial.IsLicense) ? ExitCode.Done : ExitCode.NoLicense;
    }

    private static int Refuse(CommandContext context, SettingsException exception)
    {
        Failure failure = new(ExitCode.Usage, "configuration", exception.Message, "docs/providers.md has the format; provider-pack.schema.json has it for editors");
        if (!context.Json) return failure.Tell(context.Io, json: false);
        context.Io.Out.WriteLine(Json.Write(json =>
        {
            json.WriteStartObject();
            json.WriteStartArray("mistakes");
            foreach (SettingError mistake in exception.Errors)
            {
                json.WriteStartObject();
                json.WriteString("path", mistake.Path);
                json.WriteString("reason", mistake.Reason);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            failure.WriteTo(json);
            json.WriteEndObject();
        }));
        return failure.Code;
    }

    private static string MadeOf(ProviderOptions provider) =>
        provider.Plugin is { } plugin ? $"plugin {plugin}" : provider.Pack is { } pack ? $"pack {pack}" : "steps";

    private static void WriteFacts(Utf8JsonWriter json, ProviderPack pack)
    {
        json.WriteString("name", pack.Name);
        json.WriteString("title", pack.Title);
        json.WriteStrings("keySystems", pack.KeySystems);
        json.WriteString("tested", pack.Tested);
        json.WriteStrings("source", pack.Sources);
        if (pack.Notes is not null) json.WriteString("notes", pack.Notes);
        json.WriteStartArray("parameters");
        foreach (PackParameter parameter in pack.Parameters)
        {
            json.WriteStartObject();
            json.WriteString("name", parameter.Name);
            json.WriteString("description", parameter.Description);
            json.WriteBoolean("required", parameter.Required);
            json.WriteBoolean("secret", parameter.Secret);
            json.WriteString("per", parameter.PerPresentation ? "presentation" : "host");
            json.WriteString("default", parameter.Default);
            json.WriteStrings("choices", parameter.Choices);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, ProviderPack pack, IReadOnlyList<PackPreview> requests, IReadOnlyList<PackTrialResult> trials)
    {
        json.WriteStartObject();
        WriteFacts(json, pack);
        json.WriteStartArray("requests");
        foreach (PackPreview request in requests)
        {
            json.WriteStartObject();
            json.WriteString("keySystem", request.KeySystem);
            json.WriteString("kind", request.KeySystem is null ? "token" : Word(request.Kind));
            json.WriteString("method", request.Method);
            json.WriteString("url", request.Url);
            json.WriteStartObject("headers");
            foreach ((string name, string value) in request.Headers) json.WriteString(name, value);
            json.WriteEndObject();
            json.WriteString("contentType", request.ContentType);
            json.WriteString("body", request.Body);
            json.WriteString("customData", request.CustomData);
            json.WriteString("response", request.Response);
            json.WriteStrings("errors", request.Errors);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("trials");
        foreach (PackTrialResult trial in trials)
        {
            json.WriteStartObject();
            json.WriteString("keySystem", trial.KeySystem);
            json.WriteBoolean("license", trial.IsLicense);
            json.WriteString("result", trial.Text);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void Show(IAnsiConsole console, ProviderPack pack, IReadOnlyList<PackPreview> requests, IReadOnlyList<PackTrialResult> trials)
    {
        console.MarkupLine($"Pack        {Shown.Markup(pack.Name)}  {Shown.Markup(pack.Title)}");
        console.MarkupLine($"Tested      {Shown.Markup(pack.Tested)}");
        foreach (string source in pack.Sources) console.MarkupLine($"Source      {Shown.Markup(source)}");
        if (pack.Notes is { } notes) console.MarkupLine($"Notes       {Shown.Markup(notes)}");
        foreach (PackParameter parameter in pack.Parameters)
        {
            string[] words =
            [
                parameter.Required ? "required" : parameter.Optional ? "optional" : parameter.Default is { } known ? $"default {known}" : "",
                parameter.Secret ? "a secret" : "", parameter.PerPresentation ? "given with each presentation" : "", parameter.Choices.Count > 0 ? $"one of {string.Join(", ", parameter.Choices)}" : "",
            ];
            console.MarkupLine($"Parameter   {Shown.Markup(parameter.Name)}  [grey]{Shown.Markup(string.Join("; ", words.Append(parameter.Description ?? "").Where(static word => word.Length > 0)))}[/]");
        }

        foreach (PackPreview request in requests)
        {
            console.WriteLine();
            console.MarkupLine($"{(request.KeySystem is null ? "token" : $"{Shown.Markup(request.KeySystem)}, {Word(request.Kind)}")}");
            console.MarkupLine($"  {request.Method} {Shown.Markup(request.Url ?? "(the URL comes from the application, from Endpoints, or with the token)")}");
            foreach ((string name, string value) in request.Headers) console.MarkupLine($"  {Shown.Markup(name)}: {Shown.Markup(value)}");
            if (request.ContentType is { } type) console.MarkupLine($"  Content-Type: {Shown.Markup(type)}");
            if (request.Body.Length > 0) console.MarkupLine($"  body        {Shown.Markup(request.Body)}");
            if (request.CustomData is { } custom) console.MarkupLine($"  in the challenge  {Shown.Markup(custom)}");
            if (request.KeySystem is null) continue;
            console.MarkupLine($"  licence     {Shown.Markup(request.Response)}");
            if (request.Errors.Count > 0) console.MarkupLine($"  refusals    {Shown.Markup(string.Join("; ", request.Errors))}");
        }

        foreach (PackTrialResult trial in trials) console.MarkupLine($"Dry run     {Shown.Markup(trial.KeySystem)}: {Shown.Markup(trial.Text)}");
    }

    // ServerCertificate → server-certificate
    private static string Word(ChallengeKind kind) =>
        string.Concat(kind.ToString().Select(static (letter, i) => char.IsUpper(letter) ? (i > 0 ? "-" : "") + char.ToLowerInvariant(letter) : letter.ToString()));
}
