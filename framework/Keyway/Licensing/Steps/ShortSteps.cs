using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Templates;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// Steps that say in few words what <c>request</c>, <c>response</c> and <c>errors</c> can say: <c>header</c>, <c>query</c>, <c>base64</c>, <c>json.wrap</c>,
/// <c>json.unwrap</c>, <c>error.json</c>.
/// </summary>
internal static class ShortSteps
{
    /// <summary>Which way <c>base64</c> works.</summary>
    private enum Direction
    {
        Both = 0,
        Request,
        Response,
    }

    /// <summary>How the challenge or a licence stands in JSON.</summary>
    private enum JsonBytes
    {
        Base64 = 0,
        Base64Url,

        /// <summary>An array of numbers, one a byte.</summary>
        Numbers,
    }

    /// <summary><c>header</c>: sets a header. Settings: <c>Name</c>, <c>Value</c> (a template or a secret), <c>Encode</c>.</summary>
    public static RequestStep Header(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        string name = reader.Required("name");
        if (name.Length > 0 && RequestMembers.WhyNotHeader(name) is { } reason) reader.Wrong("name", reason);
        ValueTemplate? value = Value(reader, context.Scope);
        reader.Check();
        return RequestStep.OfHeader(name, value!, context.Scope);
    }

    /// <summary>
    /// <c>query</c>: adds a member to the URL's query. Settings: <c>Name</c>, <c>Value</c> (a template or a secret), <c>Encode</c>, <c>Verbatim</c> (the value is escaped already).
    /// </summary>
    public static RequestStep Query(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        string name = reader.Required("name");
        ValueTemplate? value = Value(reader, context.Scope);
        if (reader.Flag("verbatim", otherwise: false)) value = value?.AsItIs();
        reader.Check();
        return RequestStep.OfQuery(name, value!, context.Scope);
    }

    /// <summary><c>base64</c>: the service wants or sends the bytes in base64. Settings: <c>Apply</c> (Both, Request, Response).</summary>
    public static ILicenseMiddleware Base64(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        Direction apply = reader.Choice<Direction>("apply") ?? Direction.Both;
        reader.Check();
        RequestStep request = RequestStep.OfBody(BodyTemplate.Of(TextTemplate.OfName(TemplateNames.Challenge, ValueEncoding.Base64)), context.Scope);
        ResponseStep response = ResponseStep.Of(ResponseOperations.OfBase64, context.Scope);
        return apply switch { Direction.Request => request, Direction.Response => response, _ => new BothWaysStep(request, response) };
    }

    /// <summary>
    /// <c>json.wrap</c>: puts the challenge into a JSON object. Settings: <c>Member</c> (a dotted path), <c>Encode</c> (Base64, Base64Url, Numbers),
    /// <c>Members</c> (further members by dotted path: templates or secrets).
    /// </summary>
    public static RequestStep JsonWrap(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        string member = reader.Required("member");
        ValueEncoding encoding = reader.Choice<JsonBytes>("encode") switch
        {
            JsonBytes.Numbers => ValueEncoding.Decimal,
            JsonBytes.Base64Url => ValueEncoding.Base64Url,
            _ => ValueEncoding.Base64,
        };
        List<(string Path, TextTemplate Text)> members = [];
        foreach ((string path, SettingNode node) in reader.Entries("members"))
        {
            if (node.IsScalar) members.Add((path, ValueTemplate.ReadTemplate(node, TemplatePlace.Body, context.Scope.Names, reader.Mistakes)));
        }

        members.Add((member, TextTemplate.OfName(TemplateNames.Challenge, encoding)));
        foreach ((string path, _) in members)
        {
            if (path.Length > 0 && path.Split('.').Any(static name => name.Length == 0)) reader.Wrong("member", "a name in the path is empty");
            if (members.Exists(other => other.Path.StartsWith(path + ".", StringComparison.Ordinal))) reader.Wrong("member", $"'{path}' is both a value and an object");
        }

        reader.Check();
        return RequestStep.OfBody(BodyTemplate.Of(JsonTemplate.OfPaths(members)), context.Scope);
    }

    /// <summary>
    /// <c>json.unwrap</c>: takes the licence out of a member of a JSON object. Settings: <c>Member</c> (a dotted path), <c>Encode</c>
    /// (Base64, Base64Url: both are read alike; Numbers).
    /// </summary>
    public static ResponseStep JsonUnwrap(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        string member = reader.Required("member");
        bool numbers = reader.Choice<JsonBytes>("encode") == JsonBytes.Numbers;
        reader.Check();
        return ResponseStep.Of(ResponseOperations.OfJson(member, numbers), context.Scope);
    }

    /// <summary>
    /// <c>error.json</c>: recognises a refusal in a JSON body of any status, 200 included. Settings: <c>Code</c> and <c>Message</c> (dotted paths;
    /// <c>error.code</c>, <c>error.message</c>), <c>Success</c> (codes that are no refusal), <c>Kinds</c> (code → kind), <c>Retryable</c> (codes).
    /// </summary>
    public static ErrorsStep JsonError(IConfigurationSection section, StepContext context)
    {
        SettingReader reader = new(section);
        string code = reader.Text("code") ?? "error.code", message = reader.Text("message") ?? "error.message";
        string[] success = [.. reader.Texts("success").Select(static item => item.Text!), "0", ""];
        HashSet<string> retryable = new(reader.Texts("retryable").Select(static item => item.Text!), StringComparer.OrdinalIgnoreCase);
        Dictionary<string, ErrorMeaning> codes = retryable.ToDictionary(static each => each, static _ => new ErrorMeaning(LicenseErrorKind.Unknown, null, true), StringComparer.OrdinalIgnoreCase);
        foreach ((string each, SettingNode node) in reader.Entries("kinds"))
        {
            if (node.Text is { } text && SettingReader.TryChoice(text, out LicenseErrorKind kind)) codes[each] = new ErrorMeaning(kind, null, retryable.Contains(each));
            else reader.Mistakes.Add(node, $"not one of {string.Join(", ", Enum.GetNames<LicenseErrorKind>())}");
        }

        reader.Check();
        return ErrorsStep.Of(ErrorProbe.OfJson(code, message, success, codes), context.Scope);
    }

    private static ValueTemplate? Value(SettingReader reader, TemplateScope scope)
    {
        TextEncoding? encoding = reader.Choice<TextEncoding>("encode");
        if (reader.Member("value") is not { Kind: not SettingNodeKind.Null } node || node is { Kind: SettingNodeKind.Text, Text: "" })
        {
            reader.Missing("value");
            return null;
        }

        return ValueTemplate.Read(node, TemplatePlace.Request, scope.Names, reader.Mistakes) is [var value, ..] ? encoding.Encode(value) : null;
    }
}
