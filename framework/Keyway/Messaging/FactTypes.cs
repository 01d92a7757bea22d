namespace Keyway.Messaging;

/// <summary>The rule of what may travel.</summary>
internal static class FactTypes
{
    /// <summary>
    /// Refuses every type that the contract does not declare. The table of topics lives as long as the process, and a type of a plugin
    /// in it would keep the plugin in memory for ever.
    /// </summary>
    /// <typeparam name="T">The kind of fact.</typeparam>
    /// <exception cref="ArgumentException"><typeparamref name="T"/> is not declared in the contract assembly.</exception>
    public static void Check<T>()
        where T : IKeywayEvent
    {
        if (typeof(T).Assembly != typeof(IKeywayEvent).Assembly)
            throw new ArgumentException($"{typeof(T)} may not travel on a bus: only facts declared in {typeof(IKeywayEvent).Assembly.GetName().Name} may");
    }
}
