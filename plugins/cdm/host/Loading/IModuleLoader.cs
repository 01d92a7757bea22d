namespace Keyway.Cdm.Host.Loading;

/// <summary>Makes callable what a module's file has. The program has one, and takes it from nowhere: a test that wants another has a program of its own.</summary>
internal interface IModuleLoader
{
    /// <summary>Loads a module whose bytes were checked.</summary>
    /// <param name="image">The bytes.</param>
    /// <returns>Its functions.</returns>
    /// <exception cref="HostException">It cannot be loaded, or is none.</exception>
    ModuleExports Load(ModuleImage image);
}
