namespace Keyway.Fleet.Checks;

/// <summary>What a check says of a stream now.</summary>
/// <param name="State">Whether it is as it should be.</param>
/// <param name="Text">Why, for people; free of secrets.</param>
internal readonly record struct CheckResult(CheckState State, string Text)
{
    public static CheckResult Unknown { get; } = new(CheckState.Unknown, "");

    public static CheckResult Ok(string text = "") => new(CheckState.Ok, text);

    public static CheckResult Failing(string text) => new(CheckState.Failing, text);
}
