using Keyway.ClearKey.Fakes;
using Keyway.Licensing;

namespace Keyway.ClearKey;

public sealed class ClearKeyOptionsTests
{
    private const string Kid = "2f05477fc24bb4faefd86517156daffc";
    private const string Dashed = "2F05477F-C24B-B4FA-EFD8-6517156DAFFC";
    private const string Key = "b50d1b25559be9bd0a3cbe8ab59232fc";

    [Fact]
    public void No_settings_are_no_keys() => ClearKeyOptions.Read(Given.Settings()).Keys.Should().BeEmpty();

    [Theory]
    [InlineData(Kid)]
    [InlineData(Dashed)]
    public void Key_is_a_reference_to_a_secret(string kid) =>
        ClearKeyOptions.Read(Given.Settings(($"Keys:{kid}", "secret:film"))).Keys
            .Should().Equal(new Dictionary<KeyId, string> { [Given.Key(Kid)] = "film" });

    [Fact]
    public void Everything_that_is_wrong_is_told_together_with_its_path_and_without_the_key()
    {
        Action read = () => ClearKeyOptions.Read(Given.Settings(
            ($"Keys:{Kid}", Key), ("Keys:film", "secret:film"), ("Keys:00000000000000000000000000000001:More", "secret:x"), ("Kees", "1")));

        LicenseServiceException error = read.Should().Throw<LicenseServiceException>().Which;

        error.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        error.Message.Split('\n').Should().BeEquivalentTo(
            "Settings:Kees: ClearKey has no such setting",
            $"Settings:Keys:{Kid}: a key is given as 'secret:NAME', never itself",
            "Settings:Keys:film: 'film' is not a key identifier (32 hexadecimal digits)",
            "Settings:Keys:00000000000000000000000000000001: a key is given as 'secret:NAME', never itself");
        error.Message.Should().NotContain(Key);
    }

    [Fact]
    public void Same_key_in_two_spellings_is_refused()
    {
        Action read = () => ClearKeyOptions.Read(Given.Settings(($"Keys:{Kid}", "secret:a"), ($"Keys:{Dashed}", "secret:b")));
        read.Should().Throw<LicenseServiceException>().WithMessage("*twice*");
    }

    [Theory]
    [InlineData("b50d1b25559be9bd0a3cbe8ab59232f")]
    [InlineData("b50d1b25559be9bd0a3cbe8ab59232fz")]
    [InlineData("tQ0bJVWb6b0KPL6KtZIy")]
    [InlineData("")]
    public async Task Secret_that_is_no_key_is_found_at_start_up_and_not_repeated(string secret)
    {
        ClearKeySystem system = Given.System(new MemorySecrets().With("film", secret), (Kid, "film"));

        Func<Task> start = async () => await system.StartAsync(TestContext.Current.CancellationToken);

        LicenseServiceException error = (await start.Should().ThrowAsync<LicenseServiceException>()).Which;
        error.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
        error.Message.Should().Contain(Kid);
        if (secret.Length > 0) error.ToString().Should().NotContain(secret);
    }

    [Fact]
    public async Task Secret_that_is_missing_is_found_at_start_up()
    {
        ClearKeySystem system = Given.System(new MemorySecrets(), (Kid, "film"));
        Func<Task> start = async () => await system.StartAsync(TestContext.Current.CancellationToken);
        (await start.Should().ThrowAsync<LicenseServiceException>().WithMessage("*secret 'film': there is no such secret*"))
            .Which.Kind.Should().Be(LicenseErrorKind.CredentialInvalid);
    }
}
