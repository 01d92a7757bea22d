using System.Reflection;

namespace Keyway.Cdm.Host.Loading;

/// <summary>Loads every assembly that this program can come to need. After the sandbox is closed none can be opened any more.</summary>
internal static class AssemblyPreloader
{
    /// <summary>Loads what an assembly names, and what that names. What is not there is not needed either: it was left out of the build.</summary>
    public static void Load(Assembly root)
    {
        HashSet<string> seen = new(StringComparer.OrdinalIgnoreCase);
        Queue<Assembly> left = new([root]);
        while (left.TryDequeue(out Assembly? assembly))
        {
            foreach (AssemblyName name in assembly.GetReferencedAssemblies())
            {
                if (!seen.Add(name.FullName)) continue;
                try { left.Enqueue(Assembly.Load(name)); }
                catch (Exception e) when (e is IOException or BadImageFormatException) { /* as above */ }
            }
        }
    }
}
