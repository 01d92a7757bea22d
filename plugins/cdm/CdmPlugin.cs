using Keyway.Cdm;
using Keyway.Cdm.Child;
using Keyway.Plugins;

[assembly: KeywayPlugin(CdmConstants.Name, typeof(CdmPlugin))]

namespace Keyway.Cdm;

/// <summary>Brings the key system <c>cdm</c>: a module of the machine with Chromium's library-CDM interface, in a process of its own. One key system for each entry that names a module.</summary>
public sealed class CdmPlugin : IPlugin
{
    /// <inheritdoc/>
    public void Configure(IPluginBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        PluginContext context = builder.Context;
        builder.AddKeySystem(CdmConstants.Name, settings => new CdmKeySystem(CdmOptions.Read(settings), context, ChildProgram.Own));
    }
}
