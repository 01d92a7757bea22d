using Keyway.Licensing;
using Microsoft.Extensions.Configuration;

namespace Keyway.Cdm;

public sealed class CdmOptionsTests
{
    private const string Pin = "0123456789abcdef0123456789ABCDEF0123456789abcdef0123456789abcdef";

    [Fact]
    public void What_is_not_said_is_what_tells_least_and_keeps_nothing()
    {
        CdmOptions options = Read(("Module", "/opt/libwidevinecdm.so"), ("KeySystem", "com.widevine.alpha"));
        (options.Name, options.Module, options.ModuleKeySystem).Should().Be(("tv", "/opt/libwidevinecdm.so", "com.widevine.alpha"));
        options.Systems.Should().Equal(CdmConstants.Widevine);
        options.Pin.IsEmpty.Should().BeTrue();
        (options.DistinctiveIdentifier, options.PersistentState, options.EveryBlock, options.SandboxRequired).Should().Be((false, false, false, false));
        (options.AnswerTimeout, options.DecryptTimeout, options.IdleTime).Should().Be((TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("sha256:")]
    public void Everything_can_be_said(string prefix)
    {
        CdmOptions options = Read(
            ("Module", "/opt/a.so"), ("Pin", prefix + Pin), ("KeySystem", "org.example"), ("System", "9A04F079-9840-4286-AB92-E65BE0885F95"), ("DistinctiveIdentifier", "true"), ("PersistentState", "true"),
            ("EveryBlock", "true"), ("Sandbox", "required"), ("AnswerTimeout", "00:00:07"), ("DecryptTimeout", "00:00:02"), ("IdleTime", "00:01:00"));
        options.Pin.ToArray().Should().Equal(Convert.FromHexString(Pin));
        options.Systems.Should().Equal(new SystemId(new Guid("9a04f079-9840-4286-ab92-e65be0885f95")));
        (options.DistinctiveIdentifier, options.PersistentState, options.EveryBlock, options.SandboxRequired).Should().Be((true, true, true, true));
        (options.AnswerTimeout, options.DecryptTimeout, options.IdleTime).Should().Be((TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(1)));
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_together_with_its_path()
    {
        Action read = () => Read(("Module", "libwidevinecdm.so"), ("Pin", "12"), ("KeySystem", "org.example"), ("Sandbox", "Off"), ("PersistentState", "maybe"), ("IdleTime", "-1"), ("Moduel", "x"));
        LicenseServiceException error = read.Should().Throw<LicenseServiceException>().Which;
        error.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        error.Message.Split('\n').Should().HaveCount(7).And.AllSatisfy(static line => line.Should().StartWith("Keyway:KeySystems:tv:Settings:"));
        new Action(() => Read()).Should().Throw<LicenseServiceException>().Which.Message.Should().Contain("Settings:Module: is missing").And.Contain("Settings:KeySystem: is missing");
    }

    [Theory]
    [InlineData("org.w3.clearkey")]
    [InlineData("com.widevine.alpha")]
    public void The_headers_of_a_known_key_system_are_not_to_be_said_otherwise(string keySystem)
    {
        // Else a module of another would read them under the name whose keys may leave.
        Action read = () => Read(("Module", "/opt/a.so"), ("KeySystem", keySystem), ("System", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed"));
        read.Should().Throw<LicenseServiceException>().Which.Message.Should().Contain("Settings:System: is not to be said for");
    }

    [Fact]
    public void A_name_that_only_looks_like_clear_key_is_not()
    {
        foreach (string name in (string[])["ORG.W3.CLEARKEY", "org.w3.clearkey ", "org.w3.clearkey.x"])
            Read(("Module", "/opt/a.so"), ("KeySystem", name), ("System", "edef8ba9-79d6-4ace-a3c8-27dcd51d21ed")).IsClearKey.Should().BeFalse();
    }

    private static CdmOptions Read(params (string Key, string Value)[] settings) => CdmOptions.Read(new ConfigurationBuilder()
        .AddInMemoryCollection(settings.Select(static pair => KeyValuePair.Create($"Keyway:KeySystems:tv:Settings:{pair.Key}", (string?)pair.Value)))
        .Build().GetSection("Keyway:KeySystems:tv:Settings"));
}
