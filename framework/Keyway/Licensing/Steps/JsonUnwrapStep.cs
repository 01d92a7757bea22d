using System.Buffers;
using System.Text.Json;
using Keyway.Licensing.Answers;
using Keyway.Licensing.Configuration;
using Keyway.Licensing.Exchanges;
using Keyway.Licensing.Secrets;
using Microsoft.Extensions.Configuration;

namespace Keyway.Licensing.Steps;

/// <summary>
/// <c>json.unwrap</c>: takes the licence out of a member of a JSON object. Settings: <c>Member</c> (a dotted path), <c>Encode</c>
/// (Base64, Base64Url: both are read alike; Numbers).
/// </summary>
internal sealed class JsonUnwrapStep : LicenseResponseTransform
{
    private readonly string _member;
    private readonly JsonBytes _encode;

    public JsonUnwrapStep(IConfigurationSection section)
    {
        StepSettings settings = new(section, "Member", "Encode");
        _member = settings.Required("Member");
        _encode = settings.Choice("Encode", JsonBytes.Base64);
        settings.Check();
    }

    public override ValueTask TransformAsync(LicenseExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Answer is not { Status: >= 200 and < 300 } answer) return ValueTask.CompletedTask;
        using JsonDocument? document = BodyText.TryParseObject(answer.Body);
        SecretBuffer license = ExchangeRun.BufferFor(exchange);
        if (document is null || BodyText.Find(document, _member) is not { } member || !TryRead(member, license))
        {
            throw new LicenseServiceException(LicenseErrorKind.LicenseMalformed, $"the answer is not JSON with a licence in '{_member}'")
            {
                Status = answer.Status,
            };
        }

        exchange.Answer = answer with { Body = new ReadOnlySequence<byte>(license.Written), ContentType = null };
        return ValueTask.CompletedTask;
    }

    private bool TryRead(JsonElement member, SecretBuffer license)
    {
        if (_encode == JsonBytes.Numbers) return BodyText.TryReadNumbers(member, license);
        if (member.ValueKind != JsonValueKind.String) return false;
        using SecretBuffer text = new();
        BodyText.WriteText(member, text);
        return BodyText.TryDecodeBase64(new ReadOnlySequence<byte>(text.Written), license);
    }
}
