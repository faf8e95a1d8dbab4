// Just enough of Metal's types for spirv-cross's MSL to compile as CUDA (nvidia.mjs). For reading machine code, not for running.
#pragma once
#include <cuda_fp16.h>
typedef unsigned int uint;
typedef __half half;
template <class T> struct same { typedef T type; };
template <class T, int N> struct vec;
template <class T> struct alignas(2 * sizeof(T)) vec<T, 2> {
  T x, y;
  __device__ vec() {}
  __device__ explicit vec(T s) : x(s), y(s) {}
  __device__ vec(T a, T b) : x(a), y(b) {}
  template <class U> __device__ explicit vec(const vec<U, 2> &v) : x((T)v.x), y((T)v.y) {}
  __device__ T &operator[](uint i) { return (&x)[i]; }
  __device__ const T &operator[](uint i) const { return (&x)[i]; }
};
template <class T> struct vec<T, 3> {
  T x, y, z;
  __device__ vec() {}
  __device__ explicit vec(T s) : x(s), y(s), z(s) {}
  __device__ vec(T a, T b, T c) : x(a), y(b), z(c) {}
  __device__ vec<T, 2> xy() const { return vec<T, 2>(x, y); }
  template <class U> __device__ explicit vec(const vec<U, 3> &v) : x((T)v.x), y((T)v.y), z((T)v.z) {}
  __device__ T &operator[](uint i) { return (&x)[i]; }
  __device__ const T &operator[](uint i) const { return (&x)[i]; }
};
template <class T> struct alignas(4 * sizeof(T)) vec<T, 4> {
  T x, y, z, w;
  __device__ vec() {}
  __device__ explicit vec(T s) : x(s), y(s), z(s), w(s) {}
  __device__ vec(T a, T b, T c, T d) : x(a), y(b), z(c), w(d) {}
  __device__ vec(vec<T, 2> a, vec<T, 2> b) : x(a.x), y(a.y), z(b.x), w(b.y) {}
  __device__ vec(vec<T, 3> a, T b) : x(a.x), y(a.y), z(a.z), w(b) {}
  __device__ vec(T a, vec<T, 3> b) : x(a), y(b.x), z(b.y), w(b.z) {}
  __device__ vec(vec<T, 2> a, T b, T c) : x(a.x), y(a.y), z(b), w(c) {}
  __device__ vec<T, 2> xy() const { return vec<T, 2>(x, y); }
  __device__ vec<T, 3> xyz() const { return vec<T, 3>(x, y, z); }
  template <class U> __device__ explicit vec(const vec<U, 4> &v) : x((T)v.x), y((T)v.y), z((T)v.z), w((T)v.w) {}
  __device__ T &operator[](uint i) { return (&x)[i]; }
  __device__ const T &operator[](uint i) const { return (&x)[i]; }
};
#define EACH(OP, R)                                                                                                   \
  template <class T> __device__ inline vec<R, 2> operator OP(vec<T, 2> a, vec<T, 2> b) { return vec<R, 2>(a.x OP b.x, a.y OP b.y); } \
  template <class T> __device__ inline vec<R, 3> operator OP(vec<T, 3> a, vec<T, 3> b) { return vec<R, 3>(a.x OP b.x, a.y OP b.y, a.z OP b.z); } \
  template <class T> __device__ inline vec<R, 4> operator OP(vec<T, 4> a, vec<T, 4> b) { return vec<R, 4>(a.x OP b.x, a.y OP b.y, a.z OP b.z, a.w OP b.w); } \
  template <class T, int N> __device__ inline vec<R, N> operator OP(vec<T, N> a, typename same<T>::type b) { return a OP vec<T, N>(b); }   \
  template <class T, int N> __device__ inline vec<R, N> operator OP(typename same<T>::type a, vec<T, N> b) { return vec<T, N>(a) OP b; }
EACH(+, T) EACH(-, T) EACH(*, T) EACH(/, T) EACH(%, T) EACH(&, T) EACH(|, T) EACH(^, T) EACH(<<, T) EACH(>>, T)
EACH(<, bool) EACH(>, bool) EACH(<=, bool) EACH(>=, bool) EACH(==, bool) EACH(!=, bool) EACH(&&, bool) EACH(||, bool)
#define ASSIGN(OP) template <class T, int N, class U> __device__ inline vec<T, N> &operator OP##=(vec<T, N> &a, U b) { return a = a OP b; }
ASSIGN(+) ASSIGN(-) ASSIGN(*) ASSIGN(/) ASSIGN(&) ASSIGN(|)
template <class T> __device__ inline vec<T, 2> operator-(vec<T, 2> a) { return vec<T, 2>(-a.x, -a.y); }
template <class T> __device__ inline vec<T, 4> operator-(vec<T, 4> a) { return vec<T, 4>(-a.x, -a.y, -a.z, -a.w); }
typedef vec<float, 2> mfloat2; typedef vec<float, 3> mfloat3; typedef vec<float, 4> mfloat4;
typedef vec<uint, 2> muint2; typedef vec<uint, 3> muint3; typedef vec<uint, 4> muint4;
typedef vec<int, 2> mint2; typedef vec<int, 3> mint3; typedef vec<int, 4> mint4;
typedef vec<bool, 2> mbool2; typedef vec<bool, 3> mbool3; typedef vec<bool, 4> mbool4;
typedef vec<half, 2> mhalf2; typedef vec<half, 4> mhalf4;
#define float2 mfloat2
#define float3 mfloat3
#define float4 mfloat4
#define uint2 muint2
#define uint3 muint3
#define uint4 muint4
#define int2 mint2
#define int3 mint3
#define int4 mint4
#define bool2 mbool2
#define bool3 mbool3
#define bool4 mbool4
#define half2 mhalf2
#define half4 mhalf4
template <class T> __device__ inline T select(T a, T b, bool c) { return c ? b : a; }
template <class T> __device__ inline vec<T, 2> select(vec<T, 2> a, vec<T, 2> b, mbool2 c) { return vec<T, 2>(c.x ? b.x : a.x, c.y ? b.y : a.y); }
template <class T> __device__ inline vec<T, 3> select(vec<T, 3> a, vec<T, 3> b, mbool3 c) { return vec<T, 3>(c.x ? b.x : a.x, c.y ? b.y : a.y, c.z ? b.z : a.z); }
template <class T> __device__ inline vec<T, 4> select(vec<T, 4> a, vec<T, 4> b, mbool4 c) { return vec<T, 4>(c.x ? b.x : a.x, c.y ? b.y : a.y, c.z ? b.z : a.z, c.w ? b.w : a.w); }
__device__ inline mfloat4 fma(mfloat4 a, mfloat4 b, mfloat4 c) { return mfloat4(fmaf(a.x, b.x, c.x), fmaf(a.y, b.y, c.y), fmaf(a.z, b.z, c.z), fmaf(a.w, b.w, c.w)); }
__device__ inline float dot(mfloat4 a, mfloat4 b) { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
template <class T> __device__ inline vec<T, 2> min(vec<T, 2> a, vec<T, 2> b) { return vec<T, 2>(min(a.x, b.x), min(a.y, b.y)); }
template <class T> __device__ inline vec<T, 2> max(vec<T, 2> a, vec<T, 2> b) { return vec<T, 2>(max(a.x, b.x), max(a.y, b.y)); }
template <class T> __device__ inline vec<T, 4> min(vec<T, 4> a, vec<T, 4> b) { return vec<T, 4>(min(a.x, b.x), min(a.y, b.y), min(a.z, b.z), min(a.w, b.w)); }
template <class T> __device__ inline vec<T, 4> max(vec<T, 4> a, vec<T, 4> b) { return vec<T, 4>(max(a.x, b.x), max(a.y, b.y), max(a.z, b.z), max(a.w, b.w)); }
__device__ inline mfloat2 clamp(mfloat2 v, mfloat2 a, mfloat2 b) { return min(max(v, a), b); }
__device__ inline mfloat4 clamp(mfloat4 v, mfloat4 a, mfloat4 b) { return min(max(v, a), b); }
__device__ inline float clamp(float v, float a, float b) { return fminf(fmaxf(v, a), b); }
__device__ inline float sign(float v) { return v > 0 ? 1.0f : v < 0 ? -1.0f : 0.0f; }
__device__ inline mfloat2 floor(mfloat2 v) { return mfloat2(floorf(v.x), floorf(v.y)); }
__device__ inline float fract(float v) { return v - floorf(v); }
__device__ inline bool all(mbool2 v) { return v.x && v.y; }
__device__ inline bool all(mbool3 v) { return v.x && v.y && v.z; }
__device__ inline bool any(mbool2 v) { return v.x || v.y; }
__device__ inline bool any(mbool3 v) { return v.x || v.y || v.z; }
__device__ inline bool all(mbool4 v) { return v.x && v.y && v.z && v.w; }
__device__ inline bool any(mbool4 v) { return v.x || v.y || v.z || v.w; }
template <class R, class T> __device__ inline R as_type(T v) { R r; memcpy(&r, &v, sizeof r); return r; }
__device__ inline mfloat3 clamp(mfloat3 v, mfloat3 a, mfloat3 b) { return mfloat3(clamp(v.x, a.x, b.x), clamp(v.y, a.y, b.y), clamp(v.z, a.z, b.z)); }
__device__ inline mfloat3 clamp(mfloat3 v, float a, float b) { return clamp(v, mfloat3(a), mfloat3(b)); }
namespace precise { using ::max; using ::min; using ::clamp; }
namespace fast { using ::max; using ::min; using ::clamp; }
__device__ inline float rint_(float v) { return rintf(v); }
