namespace Keyway.Sandbox.ExpressPlay;

/// <summary>What the command line says of the service.</summary>
internal sealed record ServiceOptions
{
    /// <summary>What the usage says about it.</summary>
    public const string Help = "test_authenticator=  production_authenticator=  credits=  and any of the service's own parameters (GET / lists them)";

    private Dictionary<World, string> Authenticators { get; } = [];

    /// <summary>How many redemptions the first account of each world has left.</summary>
    public int? Credits { get; private set; }

    /// <summary>What holds for every request that does not say otherwise.</summary>
    public Knobs Knobs { get; private set; } = new();

    /// <summary>Reads it.</summary>
    /// <param name="pairs">Names and values.</param>
    /// <returns>The options.</returns>
    /// <exception cref="FormatException">There is no such name or value.</exception>
    public static ServiceOptions Read(IEnumerable<KeyValuePair<string, string>> pairs)
    {
        ServiceOptions options = new();
        foreach ((string name, string value) in pairs)
        {
            switch (name)
            {
                case "test_authenticator": options.Authenticators[World.Test] = Authenticator(name, value); break;
                case "production_authenticator": options.Authenticators[World.Production] = Authenticator(name, value); break;
                case "credits": options.Credits = Parameters.Number(name, value) is >= 0 and <= int.MaxValue and long credits ? (int)credits : throw Parameters.Wrong(name, value, "a number"); break;
                default: options.Knobs = options.Knobs.With(name, value) ?? throw new FormatException($"There is no parameter '{name}'."); break;
            }
        }

        return options;
    }

    /// <summary>The authenticator of a world's first account.</summary>
    /// <param name="world">The world.</param>
    /// <returns>It, or <see langword="null"/>: the one that was drawn.</returns>
    public string? AuthenticatorOf(World world) => Authenticators.GetValueOrDefault(world);

    /// <summary>Nothing: there are authenticators in it.</summary>
    /// <returns>The name of the type.</returns>
    public override string ToString() => nameof(ServiceOptions);

    private static string Authenticator(string name, string value) =>
        Account.IsAuthenticator(value) ? value : throw new FormatException($"{name}: expected a number, a comma and 32 hexadecimal digits.");
}
