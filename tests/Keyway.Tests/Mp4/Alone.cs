namespace Keyway.Mp4;

/// <summary>Tests that count what the whole process allocates: nothing may run beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
