// Compiles compute shaders with a Vulkan driver and writes what it says of the machine code
// (VK_KHR_pipeline_executable_properties). Meant for RADV's null winsys: RADV_FORCE_FAMILY=navi31, no graphics card needed.
// It makes no image: vkCreateImage crashes there. Shaders come on stdin, one a line:  NAME SPV ENTRY ASSEMBLY_FILE BINDINGS
// BINDINGS has a letter for each binding of set 0: u uniform, s storage, . none. Prints a line of JSON for each shader.
#include <stdio.h>
#include <stdlib.h>
#include <vulkan/vulkan.h>

#define CHECK(call)                                                                                                  \
  do {                                                                                                               \
    VkResult result_ = (call);                                                                                       \
    if (result_ < 0) {                                                                                               \
      fprintf(stderr, "%s: VkResult %d\n", #call, result_);                                                          \
      exit(1);                                                                                                       \
    }                                                                                                                \
  } while (0)

#define TYPE(name) VK_STRUCTURE_TYPE_##name

static void *readFile(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) { perror(path); exit(1); }
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  void *data = malloc(*size);
  if (fread(data, 1, *size, file) != *size) exit(1);
  fclose(file);
  return data;
}

static VkDevice createDevice(void) {
  VkApplicationInfo application = {TYPE(APPLICATION_INFO), .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo instanceInfo = {TYPE(INSTANCE_CREATE_INFO), .pApplicationInfo = &application};
  VkInstance instance;
  CHECK(vkCreateInstance(&instanceInfo, NULL, &instance));
  uint32_t count = 1;
  VkPhysicalDevice physical;
  CHECK(vkEnumeratePhysicalDevices(instance, &count, &physical));
  if (count == 0) { fprintf(stderr, "no device\n"); exit(1); }
  VkPhysicalDevicePipelineExecutablePropertiesFeaturesKHR executable = {
      TYPE(PHYSICAL_DEVICE_PIPELINE_EXECUTABLE_PROPERTIES_FEATURES_KHR), .pipelineExecutableInfo = VK_TRUE};
  // As Dawn asks for it: bounds are checked by the hardware, and no clamps are in the shader.
  VkPhysicalDeviceRobustness2FeaturesEXT robustness = {TYPE(PHYSICAL_DEVICE_ROBUSTNESS_2_FEATURES_EXT), &executable,
                                                       .robustBufferAccess2 = VK_TRUE};
  VkPhysicalDeviceVulkan13Features features13 = {TYPE(PHYSICAL_DEVICE_VULKAN_1_3_FEATURES), &robustness,
                                                 .subgroupSizeControl = VK_TRUE, .computeFullSubgroups = VK_TRUE,
                                                 .shaderZeroInitializeWorkgroupMemory = VK_TRUE, .maintenance4 = VK_TRUE};
  VkPhysicalDeviceVulkan12Features features12 = {TYPE(PHYSICAL_DEVICE_VULKAN_1_2_FEATURES), &features13,
                                                 .shaderFloat16 = VK_TRUE, .shaderInt8 = VK_TRUE, .vulkanMemoryModel = VK_TRUE,
                                                 .vulkanMemoryModelDeviceScope = VK_TRUE};
  VkPhysicalDeviceVulkan11Features features11 = {TYPE(PHYSICAL_DEVICE_VULKAN_1_1_FEATURES), &features12,
                                                 .storageBuffer16BitAccess = VK_TRUE,
                                                 .uniformAndStorageBuffer16BitAccess = VK_TRUE};
  VkPhysicalDeviceFeatures2 features = {
      TYPE(PHYSICAL_DEVICE_FEATURES_2), &features11,
      .features = {.robustBufferAccess = VK_TRUE, .shaderInt16 = VK_TRUE, .shaderInt64 = VK_TRUE}};
  float priority = 1;
  VkDeviceQueueCreateInfo queue = {TYPE(DEVICE_QUEUE_CREATE_INFO), .queueCount = 1, .pQueuePriorities = &priority};
  const char *extensions[] = {"VK_KHR_pipeline_executable_properties", "VK_EXT_robustness2"};
  VkDeviceCreateInfo info = {TYPE(DEVICE_CREATE_INFO), &features, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queue,
                             .enabledExtensionCount = 2, .ppEnabledExtensionNames = extensions};
  VkDevice device;
  CHECK(vkCreateDevice(physical, &info, NULL, &device));
  return device;
}

static VkPipeline createPipeline(VkDevice device, const char *spv, const char *entry, const char *bindings) {
  VkDescriptorSetLayoutBinding entries[64];
  uint32_t count = 0;
  for (uint32_t i = 0; bindings[i]; i++) {
    if (bindings[i] == '.') continue;
    VkDescriptorType type = bindings[i] == 'u' ? VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER : VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
    entries[count++] = (VkDescriptorSetLayoutBinding){i, type, 1, VK_SHADER_STAGE_COMPUTE_BIT};
  }
  VkDescriptorSetLayoutCreateInfo setInfo = {TYPE(DESCRIPTOR_SET_LAYOUT_CREATE_INFO), .bindingCount = count,
                                             .pBindings = entries};
  VkDescriptorSetLayout set;
  CHECK(vkCreateDescriptorSetLayout(device, &setInfo, NULL, &set));
  VkPipelineLayoutCreateInfo layoutInfo = {TYPE(PIPELINE_LAYOUT_CREATE_INFO), .setLayoutCount = 1, .pSetLayouts = &set};
  VkPipelineLayout layout;
  CHECK(vkCreatePipelineLayout(device, &layoutInfo, NULL, &layout));
  size_t size;
  void *code = readFile(spv, &size);
  VkShaderModuleCreateInfo moduleInfo = {TYPE(SHADER_MODULE_CREATE_INFO), .codeSize = size, .pCode = code};
  VkShaderModule module;
  CHECK(vkCreateShaderModule(device, &moduleInfo, NULL, &module));
  VkComputePipelineCreateInfo info = {
      TYPE(COMPUTE_PIPELINE_CREATE_INFO),
      .flags = VK_PIPELINE_CREATE_CAPTURE_STATISTICS_BIT_KHR | VK_PIPELINE_CREATE_CAPTURE_INTERNAL_REPRESENTATIONS_BIT_KHR,
      .stage = {TYPE(PIPELINE_SHADER_STAGE_CREATE_INFO), .stage = VK_SHADER_STAGE_COMPUTE_BIT, .module = module,
                .pName = entry},
      .layout = layout};
  VkPipeline pipeline;
  CHECK(vkCreateComputePipelines(device, VK_NULL_HANDLE, 1, &info, NULL, &pipeline));
  free(code);
  return pipeline;
}

#define LOAD(name) PFN_##name name = (PFN_##name)vkGetDeviceProcAddr(device, #name)

static void report(VkDevice device, VkPipeline pipeline, const char *name, const char *assemblyFile) {
  LOAD(vkGetPipelineExecutablePropertiesKHR);
  LOAD(vkGetPipelineExecutableStatisticsKHR);
  LOAD(vkGetPipelineExecutableInternalRepresentationsKHR);
  VkPipelineInfoKHR pipelineInfo = {TYPE(PIPELINE_INFO_KHR), .pipeline = pipeline};
  VkPipelineExecutablePropertiesKHR executable = {TYPE(PIPELINE_EXECUTABLE_PROPERTIES_KHR)};
  uint32_t one = 1;
  CHECK(vkGetPipelineExecutablePropertiesKHR(device, &pipelineInfo, &one, &executable));
  printf("{\"name\":\"%s\",\"wave\":%u", name, executable.subgroupSize);
  VkPipelineExecutableInfoKHR info = {TYPE(PIPELINE_EXECUTABLE_INFO_KHR), .pipeline = pipeline};
  VkPipelineExecutableStatisticKHR statistics[64];
  for (int i = 0; i < 64; i++) statistics[i] = (VkPipelineExecutableStatisticKHR){TYPE(PIPELINE_EXECUTABLE_STATISTIC_KHR)};
  uint32_t count = 64;
  CHECK(vkGetPipelineExecutableStatisticsKHR(device, &info, &count, statistics));
  // All of RADV's are whole numbers.
  for (uint32_t i = 0; i < count; i++) printf(",\"%s\":%llu", statistics[i].name, (unsigned long long)statistics[i].value.u64);
  printf("}\n");

  VkPipelineExecutableInternalRepresentationKHR texts[16];
  for (int i = 0; i < 16; i++) {
    texts[i] = (VkPipelineExecutableInternalRepresentationKHR){TYPE(PIPELINE_EXECUTABLE_INTERNAL_REPRESENTATION_KHR)};
  }
  count = 16;
  CHECK(vkGetPipelineExecutableInternalRepresentationsKHR(device, &info, &count, texts));
  for (uint32_t i = 0; i < count; i++) texts[i].pData = calloc(1, texts[i].dataSize + 1);
  CHECK(vkGetPipelineExecutableInternalRepresentationsKHR(device, &info, &count, texts));
  FILE *out = fopen(assemblyFile, "w");
  if (!out) { perror(assemblyFile); exit(1); }
  for (uint32_t i = 0; i < count; i++) {
    if (texts[i].isText) fprintf(out, "==== %s\n%s\n", texts[i].name, (char *)texts[i].pData);
    free(texts[i].pData);
  }
  fclose(out);
}

int main(void) {
  VkDevice device = createDevice();
  char name[256], spv[1024], entry[256], assemblyFile[1024], bindings[64];
  while (scanf("%255s %1023s %255s %1023s %63s", name, spv, entry, assemblyFile, bindings) == 5) {
    VkPipeline pipeline = createPipeline(device, spv, entry, bindings);
    report(device, pipeline, name, assemblyFile);
    vkDestroyPipeline(device, pipeline, NULL);
  }
  return 0;
}
