using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace StreamUsage.Snippets;

internal static class ConfigurationSnippets
{
    public static void Bind(WebApplicationBuilder builder)
    {
        #region configuration
        builder.Services.AddStreamUsage(builder.Configuration.GetSection("StreamUsage")).AddSink<UsageDbSink>();
        #endregion
    }
}
