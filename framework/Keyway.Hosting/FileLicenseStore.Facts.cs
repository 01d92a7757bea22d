using System.Buffers;
using System.Text.Json;
using Keyway.Decryption;
using Keyway.Licensing;
using Keyway.Sessions;

namespace Keyway.Hosting;

/// <content>The facts in a file.</content>
public sealed partial class FileLicenseStore
{
    /// <summary>What may be known about a licence, as JSON. Times are ticks of UTC, spans are ticks: exact, and compared as numbers.</summary>
    private static class LicenseFacts
    {
        public static byte[] Write(StoredLicense license)
        {
            ArrayBufferWriter<byte> buffer = new();
            using (Utf8JsonWriter json = new(buffer))
            {
                json.WriteStartObject();
                json.WriteString("keySystem", license.KeySystem);
                json.WriteString("provider", license.Provider);
                if (license.Scope is { } scope) json.WriteString("scope", scope);
                if (license.LicenseUrl is { } url) json.WriteString("licenseUrl", url.AbsoluteUri);
                json.WriteBoolean("callerNamedUrl", license.CallerNamedUrl);
                Write(json, "created", license.Created);
                Write(json, "lastSeen", license.LastSeen);
                Write(json, "releaseAsked", license.ReleaseAsked);
                json.WriteStartArray("headers");
                foreach (StoredHeader header in license.Headers) Write(json, header);
                json.WriteEndArray();
                json.WriteStartArray("keys");
                foreach (StoredKey key in license.Keys) Write(json, key);
                json.WriteEndArray();
                json.WriteEndObject();
            }

            return buffer.WrittenSpan.ToArray();
        }

        /// <summary>Reads facts. They are authentic; what is not understood was written by another version.</summary>
        public static bool TryRead(ReadOnlyMemory<byte> facts, StoredLicenseId id, out StoredLicense? license)
        {
            license = null;
            try
            {
                using JsonDocument document = JsonDocument.Parse(facts);
                JsonElement json = document.RootElement;
                license = new StoredLicense
                {
                    Id = id,
                    KeySystem = json.GetProperty("keySystem").GetString()!,
                    Provider = json.GetProperty("provider").GetString()!,
                    Scope = json.TryGetProperty("scope", out JsonElement scope) ? scope.GetString() : null,
                    LicenseUrl = json.TryGetProperty("licenseUrl", out JsonElement url) ? new Uri(url.GetString()!) : null,
                    CallerNamedUrl = json.GetProperty("callerNamedUrl").GetBoolean(),
                    Created = Time(json, "created")!.Value,
                    LastSeen = Time(json, "lastSeen")!.Value,
                    ReleaseAsked = Time(json, "releaseAsked"),
                    Headers = [.. json.GetProperty("headers").EnumerateArray().Select(ReadHeader)],
                    Keys = [.. json.GetProperty("keys").EnumerateArray().Select(ReadKey)],
                };
                return true;
            }
            catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException)
            {
                return false;
            }
        }

        private static void Write(Utf8JsonWriter json, StoredHeader header)
        {
            json.WriteStartObject();
            json.WriteString("kind", header.Kind.ToString());
            json.WriteString("system", header.System.ToString());
            json.WriteBase64String("data", header.Data.Span);
            if (!header.Box.IsEmpty) json.WriteBase64String("box", header.Box.Span);
            json.WriteStartArray("keys");
            foreach (KeyId id in header.KeyIds) json.WriteStringValue(id.ToString());
            json.WriteEndArray();
            json.WriteEndObject();
        }

        private static StoredHeader ReadHeader(JsonElement json) => new()
        {
            Kind = json.TryGetProperty("kind", out JsonElement kind) ? Enum.Parse<InitializationDataKind>(kind.GetString()!) : InitializationDataKind.Pssh,
            System = new SystemId(json.GetProperty("system").GetGuid()),
            Data = json.GetProperty("data").GetBytesFromBase64(),
            Box = json.TryGetProperty("box", out JsonElement box) ? box.GetBytesFromBase64() : default,
            KeyIds = [.. json.GetProperty("keys").EnumerateArray().Select(ReadId)],
        };

        private static KeyId ReadId(JsonElement json) => KeyId.TryParse(json.GetString(), out KeyId id) ? id : throw new FormatException();

        private static void Write(Utf8JsonWriter json, StoredKey key)
        {
            KeyPolicy policy = key.Policy;
            json.WriteStartObject();
            json.WriteString("id", key.Id.ToString());
            json.WriteString("scheme", key.Scheme.ToString());
            Write(json, "firstUse", key.FirstUse);
            Write(json, "notBefore", policy.NotBefore);
            Write(json, "notAfter", policy.NotAfter);
            Write(json, "firstUseBefore", policy.FirstUseBefore);
            Write(json, "afterFirstUse", policy.AfterFirstUse);
            Write(json, "firstUseGrace", policy.FirstUseGrace);
            json.WriteBoolean("mayFinish", policy.MayFinish);
            Write(json, "renewAt", policy.RenewAt);
            Write(json, "renewEvery", policy.RenewEvery);
            json.WriteBoolean("renewOnFirstUse", policy.RenewOnFirstUse);
            Write(json, "renewalGrace", policy.RenewalGrace);
            json.WriteBoolean("mayPersist", policy.MayPersist);
            json.WriteEndObject();
        }

        private static StoredKey ReadKey(JsonElement json)
        {
            return new StoredKey
            {
                Id = ReadId(json.GetProperty("id")),
                Scheme = Enum.Parse<ProtectionScheme>(json.GetProperty("scheme").GetString()!),
                FirstUse = Time(json, "firstUse"),
                Policy = new KeyPolicy
                {
                    NotBefore = Time(json, "notBefore"),
                    NotAfter = Time(json, "notAfter"),
                    FirstUseBefore = Time(json, "firstUseBefore"),
                    AfterFirstUse = Span(json, "afterFirstUse"),
                    FirstUseGrace = Span(json, "firstUseGrace") ?? TimeSpan.Zero,
                    MayFinish = json.GetProperty("mayFinish").GetBoolean(),
                    RenewAt = Time(json, "renewAt"),
                    RenewEvery = Span(json, "renewEvery"),
                    RenewOnFirstUse = json.GetProperty("renewOnFirstUse").GetBoolean(),
                    RenewalGrace = Span(json, "renewalGrace") ?? TimeSpan.Zero,
                    MayPersist = json.GetProperty("mayPersist").GetBoolean(),
                },
            };
        }

        private static void Write(Utf8JsonWriter json, string name, DateTimeOffset? time)
        {
            if (time is { } set) json.WriteNumber(name, set.UtcTicks);
        }

        private static void Write(Utf8JsonWriter json, string name, TimeSpan? span)
        {
            if (span is { } set) json.WriteNumber(name, set.Ticks);
        }

        private static DateTimeOffset? Time(JsonElement json, string name) =>
            json.TryGetProperty(name, out JsonElement ticks) ? new DateTimeOffset(ticks.GetInt64(), TimeSpan.Zero) : null;

        private static TimeSpan? Span(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement ticks) ? new TimeSpan(ticks.GetInt64()) : null;
    }
}
