namespace Keyway;

public sealed class PluginTextTests
{
    [Theory]
    [InlineData("the tenant is unknown", "the tenant is unknown")]
    [InlineData("two\nlines", "two lines")]
    [InlineData("SECRET=abc123", "SECRET=***")]
    [InlineData("password: hunter2, user: me", "password: ***, user: me")]
    [InlineData("no licence for key 000102030405060708090a0b0c0d0e0f", "no licence for key ***")]
    [InlineData("the key is 0011223344", "the key is ***")]
    [InlineData("got AAECAwQFBgcICQoLDA0ODw==", "got ***")]
    [InlineData("asked https://user:pw@acme.example/l?token=1", "asked https://acme.example/l")]
    public void Type_and_text_are_shown_and_what_may_be_a_secret_is_not(string text, string shown) =>
        PluginText.Of(new InvalidOperationException(text)).Should().Be($"System.InvalidOperationException: {shown}");

    [Fact]
    public void Assembly_that_is_not_there_is_named_in_one_line() =>
        PluginText.Of(new FileNotFoundException("Could not load file or assembly 'Acme.Codec, Version=1.0.0.0, Culture=neutral, PublicKeyToken=null'. The system cannot find the file specified.\n", "Acme.Codec, Version=1.0.0.0"))
            .Should().Be("System.IO.FileNotFoundException: there is no assembly 'Acme.Codec, Version=1.0.0.0'");

    [Fact]
    public void Names_of_types_and_members_are_no_tokens() =>
        PluginText.Of(new MissingMethodException("Method not found: 'Void Microsoft.Extensions.Primitives.StringSegment.Trim()'.")).Should().EndWith("'Void Microsoft.Extensions.Primitives.StringSegment.Trim()'.");

    [Fact]
    public void What_reflection_wraps_is_unwrapped() =>
        PluginText.Of(new System.Reflection.TargetInvocationException(new InvalidOperationException("inside"))).Should().Be("System.InvalidOperationException: inside");
}
