using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json;

namespace Keyway.Sandbox.Widevine;

/// <summary>A licence brings one key; the content brings its own keys, wrapped in that, from period to period.</summary>
[Collection(WidevineSandbox.Collection)]
public sealed class EntitlementTests(WidevineSandbox sandbox)
{
    private const string Periods = $"&period={WidevineSandbox.OwnKid},{WidevineSandbox.OtherKid}&period={WidevineSandbox.OtherKid}";

    [Theory]
    [InlineData("", 32, 16)]
    [InlineData("&padded=1", 32, 32)]
    [InlineData("&entitlement_key_size_bytes=16", 16, 16)]
    [InlineData("&group=0102,03", 32, 16)]
    public async Task Entitlement_key_opens_the_keys_of_every_period(string more, int size, int wrapped)
    {
        JsonElement content = await ContentAsync("?name=news&protection_scheme=cbcs&first_period=7&period_seconds=600" + Periods + more);
        JsonElement ask = content.GetProperty("entitlements").EnumerateArray().Should().ContainSingle().Which;
        byte[] payload = PayloadOf(ask);
        WireMessage asked = new(payload);
        asked.Number(11).Should().Be(1);
        asked.Number(9).Should().Be(1667392371);
        asked.Has(2).Should().Be(!asked.Has(13), "groups and key identifiers exclude each other");

        TestLicense license = await sandbox.LicenseAsync(size == 32 ? "" : "?entitlement_key_size_bytes=16", payload);
        (long type, string id, string key, _) = license.Keys.Should().ContainSingle().Which;
        (type, id, key.Length / 2).Should().Be((5, ask.GetProperty("id").GetString()!, size));
        license.Facts.All(11).Select(Convert.ToHexStringLower).Should().Equal(more.StartsWith("&group", StringComparison.Ordinal) ? ["0102", "03"] : []);

        List<(long Index, string Kid, string Key)> opened = [];
        foreach (JsonElement period in content.GetProperty("periods").EnumerateArray())
        {
            WireMessage data = new(PayloadOf(period));
            (data.Number(11), data.Number(7), data.Number(10)).Should().Be((2, period.GetProperty("index").GetInt64(), 600));
            data.All(13).Should().BeEquivalentTo(asked.All(13));
            foreach (WireMessage entry in data.All(14).Select(bytes => new WireMessage(bytes)))
            {
                Convert.ToHexStringLower(entry.Bytes(1)).Should().Be(id);
                entry.Bytes(3).Should().HaveCount(wrapped);
                entry.Number(5).Should().Be(size);
                using Aes aes = Aes.Create();
                aes.Key = Convert.FromHexString(key);
                opened.Add((data.Number(7), Convert.ToHexStringLower(entry.Bytes(2)), Convert.ToHexStringLower(aes.DecryptCbc(entry.Bytes(3), entry.Bytes(4), wrapped == 16 ? PaddingMode.None : PaddingMode.PKCS7))));
            }
        }

        opened.Should().Equal((7, WidevineSandbox.OwnKid, WidevineSandbox.OwnKey), (7, WidevineSandbox.OtherKid, WidevineSandbox.OtherKey), (8, WidevineSandbox.OtherKid, WidevineSandbox.OtherKey));
    }

    [Fact]
    public async Task Several_entitlements_each_open_the_content()
    {
        JsonElement content = await ContentAsync("?name=basic,premium" + Periods);
        string[] ids = [.. content.GetProperty("entitlements").EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
        ids.Should().OnlyHaveUniqueItems().And.HaveCount(2);
        WireMessage first = new(PayloadOf(content.GetProperty("periods")[0]));
        first.All(14).Select(entry => Convert.ToHexStringLower(new WireMessage(entry).Bytes(1))).Should().Equal(ids[0], ids[0], ids[1], ids[1]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("?name=a")]
    [InlineData($"?period={WidevineSandbox.OwnKid}")]
    [InlineData("?name=a&period=00000000000000000000000000000009")]
    [InlineData("?name=a&period=zz")]
    [InlineData($"?name=a&period={WidevineSandbox.OwnKid}&padded=2")]
    [InlineData($"?name=a&period={WidevineSandbox.OwnKid}&first_period=-1")]
    [InlineData($"?name=a&period={WidevineSandbox.OwnKid}&other=1")]
    public async Task Content_that_cannot_be_made_is_told(string query)
    {
        using HttpResponseMessage response = await sandbox.Http.GetAsync("/widevine/entitlement" + query, TestContext.Current.CancellationToken);
        response.StatusCode.Should().Be(HttpStatusCode.BadRequest);
    }

    private async Task<JsonElement> ContentAsync(string query) =>
        JsonDocument.Parse(await sandbox.Http.GetStringAsync("/widevine/entitlement" + query, TestContext.Current.CancellationToken)).RootElement;

    /// <summary>The payload of a box of version 0.</summary>
    private static byte[] PayloadOf(JsonElement one)
    {
        byte[] box = one.GetProperty("pssh").GetBytesFromBase64();
        BinaryPrimitives.ReadInt32BigEndian(box).Should().Be(box.Length);
        Convert.ToHexStringLower(box[4..28]).Should().Be("7073736800000000edef8ba979d64acea3c827dcd51d21ed");
        BinaryPrimitives.ReadInt32BigEndian(box.AsSpan(28)).Should().Be(box.Length - 32);
        return box[32..];
    }
}
