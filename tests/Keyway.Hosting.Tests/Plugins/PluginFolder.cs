using System.Reflection;
using System.Reflection.Emit;
using System.Text;
using Keyway.Plugins;

namespace Keyway.Hosting.Plugins;

/// <summary>A plugin folder of one test: plugins of the zoo are dropped into it as an operator would drop them.</summary>
internal sealed class PluginFolder : IDisposable
{
    private static readonly string Zoo = System.IO.Path.Combine(AppContext.BaseDirectory, "zoo");

    public string Path { get; } = Directory.CreateTempSubdirectory("keyway-zoo-").FullName;

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (UnauthorizedAccessException)
        {
            // Windows does not delete what a load context still maps.
        }
    }

    /// <summary>Drops a plugin, under its own name or another.</summary>
    public string Drop(string plugin, string? name = null)
    {
        string source = System.IO.Path.Combine(Zoo, plugin);
        string target = System.IO.Path.Combine(Path, name ?? plugin);
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = System.IO.Path.Combine(target, System.IO.Path.GetRelativePath(source, file));
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(copy)!);
            File.Copy(file, copy, overwrite: true);
        }

        return target;
    }

    /// <summary>Writes an assembly with one public type and a plugin attribute of any content, built against other assemblies of any version.</summary>
    public string Write(string name, string id, string entry, string contract = KeywayContract.Version, params IEnumerable<AssemblyName> references)
    {
        string folder = Directory.CreateDirectory(System.IO.Path.Combine(Path, name)).FullName;
        PersistedAssemblyBuilder assembly = new(new AssemblyName(name), typeof(object).Assembly);
        TypeBuilder type = assembly.DefineDynamicModule(name).DefineType("Some.Type", TypeAttributes.Public);
        foreach (AssemblyName reference in references)
        {
            PersistedAssemblyBuilder other = new(reference, typeof(object).Assembly);
            Type used = other.DefineDynamicModule(reference.Name!).DefineType("Used.Type", TypeAttributes.Public).CreateType();
            type.DefineField($"_{reference.Name}", used, FieldAttributes.Private);
        }

        type.CreateType();

        // ECMA-335, II.23.3: prolog, three strings, no named arguments. A Type is written as its name.
        using MemoryStream blob = new();
        using BinaryWriter writer = new(blob, Encoding.UTF8);
        writer.Write((ushort)1);
        writer.Write(id);
        writer.Write(entry);
        writer.Write(contract);
        writer.Write((ushort)0);
        assembly.SetCustomAttribute(typeof(KeywayPluginAttribute).GetConstructors().Single(), blob.ToArray());
        assembly.Save(System.IO.Path.Combine(folder, name + ".dll"));
        return folder;
    }
}
